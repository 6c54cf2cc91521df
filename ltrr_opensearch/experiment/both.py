"""One search served by two systems: one retrieval for both, and one page. Pure.

Lists nest: what a plan brings 50 deep begins with what it brings 10 deep. So each plan is asked once, as deep as the
deeper system asks it, and each system ranks what it would have got by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ltrr_opensearch.experiment.interleave import team_draft
from ltrr_opensearch.types import Candidate, DocKey, Draw, Found, Outcome, PlanResult, Ranked


def deepest(draws: Sequence[Draw]) -> Draw:
    """What is asked for all of them; of one draw it is that draw."""
    if len(draws) == 1:
        return draws[0]
    slots = tuple(max(same, key=lambda s: s.depth) for same in zip(*(d.slots for d in draws), strict=True))
    return Draw("+".join(dict.fromkeys(d.policy for d in draws)), slots)


def as_drawn(results: Sequence[PlanResult], draw: Draw) -> tuple[PlanResult, ...]:
    """What the system that drew this would have got."""
    return tuple(_cut(result, draw.depth(result.plan.name)) for result in results)


def _cut(result: PlanResult, depth: int) -> PlanResult:
    if depth >= result.depth:
        return result
    if depth == 0:
        return PlanResult(result.plan, 0, Outcome.NOT_ASKED)
    return replace(result, depth=depth, hits=result.hits[:depth])


def one_page(
    orders: tuple[Sequence[Ranked], Sequence[Ranked]], union: Sequence[Candidate], seed: int
) -> tuple[tuple[Ranked, ...], dict[DocKey, int]]:
    """Both orders as one, and which team (0 or 1) each document was picked by.

    A candidate is scored as its team ranked it, and remembers all that found it in the `union` of both.
    """
    known = [{r.candidate.key: r for r in order} for order in orders]
    found = {c.key: c.found for c in union}
    picks = team_draft(list(known[0]), list(known[1]), seed)
    ranked = tuple(
        _placed(known[team][key] if team is not None else known[0].get(key) or known[1][key], found[key], rank)
        for rank, (key, team) in enumerate(picks, start=1)
    )
    return ranked, {key: team for key, team in picks if team is not None}


def _placed(ranked: Ranked, found: tuple[Found, ...], rank: int) -> Ranked:
    return Ranked(replace(ranked.candidate, found=found), rank, ranked.score)
