"""Orders of results beside each other on a judgment list: measures by query and slice, differences, paired tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ltrr_opensearch.evaluate.measures import Difference, PerQuery, mean, paired_difference, per_query
from ltrr_opensearch.logged import Judgment
from ltrr_opensearch.types import Json

ERR = "ERR@10"
MAIN = "nDCG@10"
MEASURES = (MAIN, "RR", ERR, "R@50", "Judged@10")
DRAWS = 10_000
"""Of signs, for the randomization test."""
SIGNS_AT_ONCE = 1_000_000
"""Held in memory, 16 MB with what draws them."""
WHOLE_LEVELS = 4
"""What the best grade becomes where grades are not whole."""


@dataclass(frozen=True, slots=True)
class Beside:
    """An order less the one that it is compared with, in one measure."""

    difference: Difference
    p: float
    """Of the randomization test."""
    adjusted: float
    """`p` for all orders that are compared at once (Holm)."""

    def to_json(self) -> Json:
        d = self.difference
        return {"mean": d.mean, "interval": [d.low, d.high], "queries": d.queries, "p": self.p, "p_holm": self.adjusted}


@dataclass(frozen=True)
class Compared:
    """`values[order]` holds each measure of each query; `slices` names groups of queries."""

    against: str
    values: Mapping[str, PerQuery]
    beside: Mapping[str, Mapping[str, Beside]]
    """order -> measure; without the one that all are compared with."""
    slices: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def queries(self) -> list[str]:
        return sorted(self.values[self.against][MAIN])

    def mean(self, order: str, measure: str, queries: Collection[str] | None = None) -> float:
        found = self.values[order][measure]
        return mean(found if queries is None else {q: found[q] for q in queries if q in found})

    def to_json(self) -> Json:
        return {
            "queries": len(self.queries),
            "against": self.against,
            "orders": {
                order: {
                    "means": {m: self.mean(order, m) for m in measures},
                    "differences": {m: b.to_json() for m, b in self.beside.get(order, {}).items()},
                    "slices": {s: {m: self.mean(order, m, of) for m in measures} for s, of in self.slices.items()},
                    "by_query": {q: {m: measures[m][q] for m in measures} for q in self.queries},
                }
                for order, measures in self.values.items()
            },
            "slices": {name: sorted(of) for name, of in self.slices.items()},
        }


def compare_orders(
    judgments: Sequence[Judgment],
    orders: Mapping[str, Mapping[str, Sequence[str]]],
    against: str,
    slices: Mapping[str, Collection[str]],
    measures: Sequence[str] = MEASURES,
) -> Compared:
    """`orders`: by name, for each query its document ids, best first. Only queries with a grade above 0 are judged."""
    wanted = {j.query for j in judgments if j.grade > 0}
    judged = [j for j in whole(judgments) if j.query in wanted]
    values = {name: measured(judged, order, measures) for name, order in orders.items()}
    others = [name for name in values if name != against]
    beside: dict[str, dict[str, Beside]] = {name: {} for name in others}
    for measure in measures:
        theirs = values[against][measure]
        tests = {name: randomization(values[name][measure], theirs) for name in others}
        for name, adjusted in holm(tests).items():
            gap = paired_difference(values[name][measure], theirs)
            beside[name][measure] = Beside(gap, tests[name], adjusted)
    known = {name: [q for q in of if q in wanted] for name, of in slices.items()}
    return Compared(against, values, beside, {name: of for name, of in known.items() if of})


def measured(judgments: Sequence[Judgment], order: Mapping[str, Sequence[str]], measures: Sequence[str]) -> PerQuery:
    found = per_query(judgments, order, [m for m in measures if m != ERR])
    return {m: expected_reciprocal_rank(judgments, order) if m == ERR else found[m] for m in measures}


def expected_reciprocal_rank(
    judgments: Sequence[Judgment], order: Mapping[str, Sequence[str]], depth: int = 10
) -> dict[str, float]:
    """ERR (Chapelle et al., CIKM 2009): people read until a document satisfies them, with (2^grade - 1) / 2^best.

    ir-measures leaves it to a script in Perl.
    """
    best = max((j.grade for j in judgments), default=0.0)
    grades: dict[str, dict[str, float]] = {}
    for j in judgments:
        grades.setdefault(j.query, {})[j.id] = j.grade
    values = {}
    for query, ids in order.items():
        if query in grades:
            satisfied = np.array([(2 ** grades[query].get(id, 0.0) - 1) / 2**best for id in ids[:depth]])
            reached = np.cumprod([1.0, *(1 - satisfied)])[:-1]
            values[query] = float((reached * satisfied / np.arange(1, len(satisfied) + 1)).sum())
    return values


def whole(judgments: Sequence[Judgment]) -> Sequence[Judgment]:
    """Grades as nDCG in ir-measures takes them; such as come from clicks are scaled to 0..4 and rounded."""
    if all(j.grade == round(j.grade) for j in judgments):
        return judgments
    best = max(j.grade for j in judgments)
    return [Judgment(j.query, j.id, float(round(WHOLE_LEVELS * j.grade / best)), j.weight) for j in judgments]


def randomization(ours: Mapping[str, float], theirs: Mapping[str, float], *, seed: int = 0) -> float:
    """Two-sided p that signs of the differences drawn by chance give as large a mean.

    Fisher's randomization test, which assumes least (Smucker, Allan and Carterette, CIKM 2007).
    """
    gaps = np.array([ours[q] - theirs[q] for q in sorted(ours.keys() & theirs.keys())])
    gaps = gaps[gaps != 0]
    if not len(gaps):
        return 1.0
    rng, as_large = np.random.default_rng(seed), 0
    # a sum of the same numbers in another order may differ in the last bit
    least, at_once = abs(float(gaps.sum())) - 1e-12, max(1, SIGNS_AT_ONCE // len(gaps))
    for start in range(0, DRAWS, at_once):
        signs = rng.choice((-1.0, 1.0), size=(min(at_once, DRAWS - start), len(gaps)))
        as_large += int((np.abs(signs @ gaps) >= least).sum())
    return (as_large + 1) / (DRAWS + 1)


def holm(tests: Mapping[str, float]) -> dict[str, float]:
    """p-values for all tests at once (Holm, Scandinavian Journal of Statistics 1979)."""
    adjusted: dict[str, float] = {}
    least = 0.0
    for place, name in enumerate(sorted(tests, key=lambda name: tests[name])):
        least = max(least, min(1.0, (len(tests) - place) * tests[name]))
        adjusted[name] = least
    return {name: adjusted[name] for name in tests}
