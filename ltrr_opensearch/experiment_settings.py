"""Settings of a live experiment on an index: two ways to serve it, and how searches are given to them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ltrr_opensearch.section import Section, Share

NAME = r"^[a-z0-9][a-z0-9_-]*$"


class ArmSettings(Section):
    name: str = Field(pattern=NAME, description="Name of this way of serving in logs and reports.")
    policy: str | None = Field(
        None,
        description="Policy instead of the one in force: fixed, uniform, or one that learns where that is in force.",
    )
    ranker: bool = Field(True, description="Whether the learned ranker orders the candidates; false: as fused.")
    release: str | None = Field(
        None, description="A published release whose policy and ranker serve; all else stays as in force."
    )
    original: bool = Field(False, description="The client's own query alone: nothing else is asked, nothing ranked.")

    @model_validator(mode="after")
    def _of_a_piece(self) -> ArmSettings:
        if self.original and (self.policy or self.release):
            raise ValueError("original leaves policy and release nothing to do; keep one of them")
        return self

    @property
    def changes(self) -> tuple[object, ...]:
        """What makes this arm another than one with other changes."""
        return (self.policy, self.ranker and not self.original, self.release, self.original)


class ExperimentSettings(Section):
    name: str = Field(pattern=NAME, description="Name of the experiment; another name deals the people anew.")
    kind: Literal["split", "interleave"] = Field(
        "split", description="Each person is served by one arm (split), or both arms fill each page (interleave)."
    )
    share: Share = Field(1.0, description="Share of the people who take part.")
    people: int = Field(
        1000, ge=100, description="About how many people are expected; the intervals are narrowest there."
    )
    arms: tuple[ArmSettings, ArmSettings] = Field(description="The two ways of serving, the usual one first.")

    @model_validator(mode="after")
    def _two_different_arms(self) -> ExperimentSettings:
        first, second = self.arms
        if first.name == second.name:
            raise ValueError(f"both arms are called {first.name}; rename one")
        if first.changes == second.changes:
            raise ValueError(f"arms {first.name} and {second.name} serve the same; change one")
        return self
