"""Which predictions are kept, and what they are worth: a relevance model reads query and document together.

Queries that a generator made up are often about something else; leaving out those of least relevance makes what is left
better and smaller (Doc2Query--, Gospodinov et al., ECIR 2023). The model is the encoder that is there anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.predict.predictor import Described, Prediction, QueryPredictor
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.types import Vector

MOST = 0.4
"""Score of the surest prediction: less than one click upon one search says (0.5)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A prediction for a document: `relevance` is the cosine of both."""

    id: str
    query: str
    likely: float
    relevance: float

    @property
    def score(self) -> float:
        """As a Q2E score."""
        return MOST * max(0.0, min(1.0, self.relevance))


class Relevance:
    """Judges what a predictor says; what was embedded is kept, since documents of a kind are asked for alike."""

    def __init__(self, predictor: QueryPredictor, encoder: Encoder, most: int) -> None:
        """`most` predictions of a document are looked at, the likeliest."""
        self._predictor, self._encoder, self._most = predictor, encoder, most
        self.known: dict[str, Vector] = {}
        """Queries that were embedded."""

    def judged(self, documents: Sequence[Described]) -> list[list[Judged]]:
        """Of each document, the most relevant first."""
        told = [
            sorted(some, key=lambda p: (-p.score, p.query))[: self._most] for some in self._predictor.predict(documents)
        ]
        self._embed({one.query for some in told for one in some})
        return [self._of(document, some) for document, some in zip(documents, told, strict=True)]

    def _of(self, document: Described, predictions: Sequence[Prediction]) -> list[Judged]:
        made = [
            Judged(document.id, one.query, one.score, float(self.known[one.query] @ document.vector))
            for one in predictions
        ]
        return sorted(made, key=lambda j: (-j.relevance, j.query))

    def _embed(self, queries: set[str]) -> None:
        fresh = sorted(queries - self.known.keys())
        if fresh:
            self.known |= zip(fresh, self._encoder.encode(fresh), strict=True)


def threshold(judged: Sequence[Sequence[Judged]], share: float) -> float:
    """The relevance that this share of all predictions reaches; -1 where there are none."""
    relevances = [one.relevance for some in judged for one in some]
    return float(np.quantile(relevances, 1 - share)) if relevances else -1.0


def kept(judged: Sequence[Sequence[Judged]], least: float) -> list[Judged]:
    return [one for some in judged for one in some if one.relevance >= least]
