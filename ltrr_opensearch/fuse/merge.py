"""The union of the plans' hits, best first: what every fusion shares.

A fusion is only a list of contributions, one a hit; a candidate's fused score is the sum of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ltrr_opensearch.types import Candidate, DocKey, Found, PlanResult

Contributions = Callable[[PlanResult], Sequence[float]]
"""A plan's hits -> what each adds to its document's fused score, in the order of the hits."""


@dataclass(slots=True)
class _Growing:
    found: list[Found] = field(default_factory=list)
    fused: float = 0.0


def merge(results: Sequence[PlanResult], contributions: Contributions) -> list[Candidate]:
    """Candidates by falling fused score; ties by best rank, then by key, so that the order never depends on timing.

    A plan drawn at depth 0 contributes nothing: the client's own query is sent then too, but was not drawn.
    """
    union: dict[DocKey, _Growing] = {}
    for result in results:
        if result.depth == 0:
            continue
        for hit, amount in zip(result.hits, contributions(result), strict=True):
            if hit.rank > result.depth:
                continue
            grown = union.setdefault(hit.key, _Growing())
            grown.found.append(Found(result.plan.name, hit.rank, hit.score))
            grown.fused += amount
    candidates = [Candidate(key, tuple(g.found), g.fused) for key, g in union.items()]
    return sorted(candidates, key=_order)


def _order(candidate: Candidate) -> tuple[float, int, str, str]:
    return -candidate.fused, min(f.rank for f in candidate.found), candidate.key.index, candidate.key.id
