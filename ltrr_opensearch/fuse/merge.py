"""The union of the plans' hits, best first: what every fusion shares.

A fusion is only a list of contributions, one a hit; a candidate's fused score is the sum of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from ltrr_opensearch.types import Candidate, DocKey, Found, PlanResult

Contributions = Callable[[PlanResult], Sequence[float]]
"""A plan's hits -> what each adds to its document's fused score, in the order of the hits."""

_Entry = list[Any]
"""[-fused score, best rank, (index, id), key, who found it]; a list, since a union has a hundred and changes them."""
_new = tuple.__new__
"""Makes a named tuple for a third of what its own constructor takes."""


def merge(results: Sequence[PlanResult], contributions: Contributions) -> list[Candidate]:
    """Candidates by falling fused score; ties by best rank, then by key, so that the order never depends on timing.

    A plan drawn at depth 0 contributes nothing: the client's own query is sent then too, but was not drawn.
    """
    union: dict[DocKey, _Entry] = {}
    for result in results:
        plan, depth = result.plan.name, result.depth
        if depth == 0:
            continue
        for (key, rank, score, _), amount in zip(result.hits, contributions(result), strict=True):
            if rank > depth:
                continue
            found = _new(Found, (plan, rank, score))
            entry = union.get(key)
            if entry is None:
                union[key] = [-amount, rank, key[:2], key, [found]]
                continue
            entry[0] -= amount
            entry[1] = min(entry[1], rank)
            entry[4].append(found)
    order = sorted(union.values(), key=itemgetter(0, 1, 2))
    return [Candidate(key, tuple(found), -fused) for fused, _, _, key, found in order]
