"""What the cluster would answer to plans of the memory and of what is popular, computed here: their clauses name
documents and their scores.

Both change as they learn, so their lists cannot be recorded. Ties are broken as the recording numbers documents,
where the cluster breaks them by its own document numbers.
"""

from __future__ import annotations

from typing import NamedTuple

from ltrr_opensearch.arena.recording import Recording
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import DocKey, Hit, Json


class _Scored(NamedTuple):
    id: str
    score: float


def remembered_hits(clause: Json | None, recording: Recording, depth: int) -> tuple[Hit, ...] | None:
    """The hits of a bool of `constant_score` clauses over ids; None where there is nothing to ask."""
    if clause is None:
        return None
    try:
        scores: dict[str, float] = {}
        for one in clause["bool"]["should"]:
            scored = one["constant_score"]
            for id in scored["filter"]["ids"]["values"]:
                scores[id] = scores.get(id, 0.0) + scored["boost"]
    except (KeyError, TypeError) as error:
        raise DataError(f"a plan of the memory that the arena cannot answer: {clause}") from error
    number = recording.number_of
    known = [_Scored(id, score) for id, score in scores.items() if id in number and id not in recording.gone]
    best = sorted(known, key=lambda s: (-s.score, number[s.id]))[:depth]
    index = recording.index
    return tuple(
        Hit(DocKey(index, id), rank, score, {"_index": index, "_id": id}) for rank, (id, score) in enumerate(best, 1)
    )
