"""What predicts queries is given, and what it says. Behind one small door: patterns, neighbours, a language model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ltrr_opensearch.types import Vector


@dataclass(frozen=True, slots=True)
class Described:
    """A document: what is embedded of it, and the values of its configured fields, the title first."""

    id: str
    text: str
    values: Mapping[str, tuple[str, ...]]
    vector: Vector = field(compare=False)
    """Of unit length."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A query, normalised, and how likely people ask so for such a document, in 0..1."""

    query: str
    score: float


class QueryPredictor(Protocol):
    """Says for each document what people may ask; nothing where it cannot tell."""

    def predict(self, documents: Sequence[Described]) -> list[list[Prediction]]: ...


Asked = Mapping[str, Mapping[str, float]]
"""document -> query, normalised -> how much was done there: what a predictor learns from."""
