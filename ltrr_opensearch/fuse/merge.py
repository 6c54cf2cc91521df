"""The union of the plans' hits, best first: what every fusion shares.

A fusion is only a list of contributions, one a hit; a candidate's fused score is the sum of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ltrr_opensearch.types import Candidate, DocKey, Found, PlanResult

Contributions = Callable[[PlanResult], Sequence[float]]
"""A plan's hits -> what each adds to its document's fused score, in the order of the hits."""


def merge(results: Sequence[PlanResult], contributions: Contributions) -> list[Candidate]:
    """Candidates by falling fused score; ties by best rank, then by key, so that the order never depends on timing.

    A plan drawn at depth 0 contributes nothing: the client's own query is sent then too, but was not drawn.
    """
    found: dict[DocKey, list[Found]] = {}
    fused: dict[DocKey, float] = {}
    best: dict[DocKey, int] = {}
    for result in results:
        plan, depth = result.plan.name, result.depth
        if depth == 0:
            continue
        for (key, rank, score, _), amount in zip(result.hits, contributions(result), strict=True):
            if rank > depth:
                continue
            if key in found:
                found[key].append(Found(plan, rank, score))
                fused[key] += amount
                best[key] = min(best[key], rank)
            else:
                found[key], fused[key], best[key] = [Found(plan, rank, score)], amount, rank
    order = sorted(fused, key=lambda key: (-fused[key], best[key], key.index, key.id))
    return [Candidate(key, tuple(found[key]), fused[key]) for key in order]
