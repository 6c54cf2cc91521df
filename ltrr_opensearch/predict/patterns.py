"""Predicts queries from the catalogue's own pieces, put together as the log shows that people do.

Of each pattern is learned how many of the documents that people asked for, and that could be asked for so, were. That
needs no model and no embedding, and says of a new document what was said of others of its kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ltrr_opensearch.predict.phrases import Pattern, filled, pattern_of, pieces
from ltrr_opensearch.predict.predictor import Asked, Described, Prediction

PRIOR = 5.0
"""Documents that were not asked for so, added to those that could be: what a few did is no habit."""
LEAST = 3
"""Documents that must have been asked for by a pattern."""
MOST_PATTERNS = 60


@dataclass(frozen=True)
class Patterns:
    """A `QueryPredictor`. `rates`: the share of documents asked for by each pattern, the largest first."""

    rates: Mapping[Pattern, float]

    @classmethod
    def learned(cls, documents: Iterable[Described], asked: Asked) -> Patterns:
        """From documents that were asked for."""
        known = [(pieces(one), asked[one.id]) for one in documents if asked.get(one.id)]
        by: Counter[Pattern] = Counter()
        for named, queries in known:
            by.update({p for query in queries if (p := pattern_of(tuple(query.split()), named))})
        often = [pattern for pattern, documents in by.items() if documents >= LEAST]
        could = {p: sum(filled(p, named) is not None for named, _ in known) for p in often}
        rates = {p: min(1.0, by[p] / (could[p] + PRIOR)) for p in often}
        return cls(dict(sorted(rates.items(), key=lambda r: (-r[1], r[0]))[:MOST_PATTERNS]))

    def predict(self, documents: Sequence[Described]) -> list[list[Prediction]]:
        return [self._of(one) for one in documents]

    def _of(self, document: Described) -> list[Prediction]:
        named, best = pieces(document), dict[str, float]()
        for pattern, rate in self.rates.items():
            if query := filled(pattern, named):
                best.setdefault(query, rate)
        return [Prediction(query, rate) for query, rate in best.items()]
