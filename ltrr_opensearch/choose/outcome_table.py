"""Remembered outcomes as arrays: what people want of each query, and how likely each depth of a strategy finds it.

Beside what was acted upon stand the searches in which nobody acted: something was wanted that was not on the page, or
nothing was. That it is where nobody asked is a promise, as large as what strategies find elsewhere beyond the depths
asked, and believed in as far as such promises were kept (`Hope`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.choose.alike import Alike
from ltrr_opensearch.choose.examples import checked
from ltrr_opensearch.choose.missed import Placed, found_share, missed_by, placed
from ltrr_opensearch.choose.worth import acted_weights, lost_shares
from ltrr_opensearch.knowledge.outcomes import FEATURES, Found, Outcomes
from ltrr_opensearch.types import Features

AT_ONCE = 4096
"""Rows of a table that are worked out at once, so that what comes in between takes little memory."""

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class OutcomeTable:
    """Remembered queries as arrays: their entities one after the other, without those that weigh nothing."""

    weights: Sequence[Floats]
    """Of each query, what its entities weigh."""
    missed: Sequence[Floats]
    """How likely each is not found: [entity, column], a column for each strategy and rung; the last one is 1."""
    many: Numbers
    """Entities of each query."""
    new: Mapping[str, Floats]
    """The same, for all entities, as if the query were new: of strategies that know queries from before."""
    says: NDArray[np.bool_]
    """Whether anything of the query weighs more than chance, or somebody searched for it in vain."""
    speaks: bool
    """Whether any query was acted upon more than by chance."""
    alike: Alike
    number: Mapping[str, int]
    """By query."""
    column: Mapping[str, range]
    """By strategy, those of its rungs but the first."""
    rungs: int

    @staticmethod
    def of(outcomes: Outcomes, ladder: tuple[int, ...]) -> OutcomeTable:
        entries, deeper = list(outcomes.queries.values()), len(ladder) - 1
        strategies = sorted({*outcomes.shares, *outcomes.new})
        column = {s: range(i * deeper, (i + 1) * deeper) for i, s in enumerate(strategies)}
        acted = [acted_weights(one, outcomes) for one in entries]
        lost = [outcomes.hope.kept * lost_shares(one) for one in entries]
        # who gave up for another reason than that it was not found wanted what the others wanted
        wanted = [np.concatenate([a * (1 - no.sum()), no]) for a, no in zip(acted, lost, strict=True)]
        weights = np.concatenate([np.zeros(0), *wanted])
        rows = list(compress(chain.from_iterable(map(placed, entries)), weights))
        query = np.repeat(np.arange(len(entries)), [len(of) for of in wanted])
        many = np.bincount(query[weights != 0], minlength=len(entries))
        says = many > 0
        missed = _side_by_side(rows, column, outcomes.shares, ladder)
        features = np.array([one.features for one in entries], dtype=np.float64).reshape(-1, len(FEATURES))
        return OutcomeTable(
            np.split(weights[weights != 0], many.cumsum()[:-1]),
            np.split(missed, many.cumsum()[:-1]),
            many,
            {s: 1 - found_share(outcomes.new.get(s), len(ladder))[1:] for s in column if s in outcomes.remembering},
            says,
            any(w.sum() for w in acted),
            Alike(features, says),
            {query: i for i, query in enumerate(outcomes.queries)},
            column,
            len(ladder),
        )

    def rows(self, near: Numbers, shares: Floats, own: int | None, share: float) -> tuple[Floats, Floats]:
        """(weights, missed) of the entities of some queries, each with its share."""
        parts, others = near.tolist(), int(self.many[near].sum())
        if own is not None:
            parts, shares = [*parts, own], np.concatenate((shares, [share]))
        weights = np.concatenate([self.weights[i] for i in parts])
        missed = np.concatenate([self.missed[i] for i in parts])
        for strategy, new in self.new.items():
            columns = self.column[strategy]
            missed[:others, columns.start : columns.stop] = new
        return weights * np.repeat(shares, self.many[parts]), missed

    def columns(self, strategies: Sequence[str]) -> list[Sequence[int]]:
        """[slot, rung]: the column of `missed`; to ask for nothing, or what is not known, finds nothing."""
        nothing = len(self.column) * (self.rungs - 1)
        unknown = [nothing] * (self.rungs - 1)
        return [(nothing, *self.column.get(s, unknown)) for s in strategies]


def _side_by_side(
    rows: Sequence[Placed], column: Mapping[str, range], shares: Mapping[str, Found], ladder: Sequence[int]
) -> Floats:
    """Without the first rung of each, which finds nothing; instead there is one such column behind them all."""
    beside = np.ones((len(rows), sum(map(len, column.values())) + 1))
    for start in range(0, len(rows), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        for strategy, missed in missed_by(rows[part], list(column), shares, ladder).items():
            beside[part, column[strategy].start : column[strategy].stop] = missed[:, 1:]
    return beside


def features_of(context: Features) -> tuple[float, ...]:
    """By which queries are alike. A `DataError` where one is not finite: beside it no query is near another."""
    told = checked({name: context.get(name, 0.0) for name in FEATURES})
    return tuple([float(told.get(name, 0.0)) for name in FEATURES])
