"""Icecat's searches as figures: what was learned beside constant actions, the untouched query and the oracle.

A query's value is its mean over the runs that judge it; intervals are over queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from ltrr_opensearch.arena.simulate import (
    BEST_CONSTANT,
    HALF_CONSTANT,
    LEARNED,
    ORACLE,
    UNTOUCHED,
    Simulated,
    Standing,
    regret_fell,
)
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.evaluate.measures import paired_difference

CLOSED, LAST_REGRET, LOSS, SHARE = 0.7, 0.5, -0.01, 0.5
"""What must be shown: gap closed on queries seen, regret left, difference to the constant and its candidates' share."""
WAYS = (UNTOUCHED, HALF_CONSTANT, BEST_CONSTANT, LEARNED, ORACLE)
Standings = dict[str, Standing]


def figures(results: Sequence[Simulated], made_with: str) -> list[Figure]:
    seen, unseen = _pooled([r.seen for r in results]), _pooled([r.unseen for r in results])
    told = f"{made_with}; best constants {_constants(results)}"
    absolute = [
        Figure(
            f"icecat_{part}_{name.replace(' ', '_')}",
            of.mean,
            "value",
            runs=len(of.values),
            made_with=f"{of.candidates:.0f} candidates; {told}",
        )
        for part, standings in (("seen", seen), ("unseen", unseen))
        for name, of in standings.items()
    ]
    return [*absolute, _closed(seen, results), *_unseen(unseen), _regret(results)]


def _closed(seen: Standings, results: Sequence[Simulated]) -> Figure:
    closed = [Simulated.closed(r.seen) for r in results]
    best, gained = seen[BEST_CONSTANT].mean, seen[LEARNED].mean - seen[BEST_CONSTANT].mean
    share = gained / (seen[ORACLE].mean - best)
    return Figure("icecat_seen_gap_closed", share, "share", ("best constant", 0.0), CLOSED).ranging(closed, "runs")


def _unseen(unseen: Standings) -> list[Figure]:
    ours, constant = unseen[LEARNED], unseen[BEST_CONSTANT]
    ahead = paired_difference(ours.values, constant.values)
    return [
        Figure(
            "icecat_unseen_ahead_of_constant_lower_bound",
            ahead.low,
            "value",
            ("best constant", 0.0),
            LOSS * constant.mean,
            interval=(ahead.low, ahead.high),
            runs=ahead.queries,
            made_with=f"mean {ahead.mean:.4f}",
        ),
        Figure(
            "icecat_unseen_candidates_over_constant",
            ours.candidates / constant.candidates,
            "x",
            ("best constant", 1.0),
            SHARE,
            False,
        ),
    ]


def _regret(results: Sequence[Simulated]) -> Figure:
    """Without exploration, of the last quarter over the first."""
    fell = [left for r in results if (left := regret_fell(r.regret)) is not None]
    figure = Figure("icecat_regret_last_quarter_over_first", fmean(fell), "x", None, LAST_REGRET, False)
    return figure.ranging(fell, "runs")


def _pooled(runs: Sequence[Sequence[Standing]]) -> Standings:
    return {name: _of(name, [next(s for s in run if s.name == name) for run in runs]) for name in WAYS}


def _of(name: str, found: Sequence[Standing]) -> Standing:
    queries = sorted({q for s in found for q in s.values})
    values = {q: fmean(s.values[q] for s in found if q in s.values) for q in queries}
    return Standing(name, values, fmean(s.candidates for s in found), found[0].action)


def _constants(results: Sequence[Simulated]) -> str:
    chosen = {str(next(s.action for s in r.seen if s.name == BEST_CONSTANT)) for r in results}
    return "; ".join(sorted(chosen))
