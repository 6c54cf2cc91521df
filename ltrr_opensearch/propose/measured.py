"""How right proposals are on documents that have the field and were left out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one field's documents that have it, each as if it did not, at the least confidence."""

    field: str
    documents: int
    covered: int
    """Documents for which anything is proposed."""
    proposals: int
    right: int
    calibration_error: float
    """Of all candidates' confidences."""

    @property
    def precision(self) -> float:
        return self.right / self.proposals if self.proposals else float("nan")

    @property
    def coverage(self) -> float:
        return self.covered / self.documents
