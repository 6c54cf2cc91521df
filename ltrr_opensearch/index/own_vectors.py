"""A vector that a document brings itself: kept where it fits, a fault of the document where it does not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ltrr_opensearch.log.ubi import value_at


@dataclass(frozen=True, slots=True)
class VectorShape:
    """The vector field of an index."""

    field: str
    dimension: int

    def brought_by(self, document: Mapping[str, Any]) -> bool:
        return value_at(document, self.field) is not None

    def fault(self, document: Mapping[str, Any]) -> str:
        """Why the document cannot be indexed with the vector that it brings; empty where it can."""
        vector = value_at(document, self.field)
        needed = f"needed are {self.dimension} numbers, or no {self.field} at all"
        if vector is None:
            return ""
        if not isinstance(vector, list):
            return f"{self.field} is {str(vector)!r:.40}; {needed}"
        if len(vector) != self.dimension:
            return f"{self.field} has {len(vector)} values; {needed}"
        wrong = next(
            (n for n in vector if isinstance(n, bool) or not isinstance(n, int | float) or not isfinite(n)), None
        )
        return "" if wrong is None else f"{self.field} has {wrong!r:.40} among its values; {needed}"
