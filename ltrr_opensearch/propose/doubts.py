"""Documents whose text contradicts a value that they state: for people to look at, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ltrr_opensearch.propose.proposer import Proposed, Proposer
from ltrr_opensearch.propose.written import Written, meant_by


@dataclass(frozen=True, slots=True)
class Doubt:
    id: str
    field: str
    states: tuple[str, ...]
    says: str
    """The value that the text means instead."""
    confidence: float

    def to_line(self) -> str:
        told = {"id": self.id, "field": self.field, "states": self.states, "text_says": self.says}
        return json.dumps({**told, "confidence": round(self.confidence, 3)}, ensure_ascii=False)


def doubts_of(proposer: Proposer, documents: Sequence[Written], sure: float) -> Iterator[Doubt]:
    """Where another value is at least so sure, and the document's own at most 1 - `sure`."""
    stated = [[field for field in document.values if field in proposer.fields] for document in documents]
    for document, candidates in zip(documents, proposer.candidates(documents, stated), strict=True):
        for field, of in candidates.items():
            if other := _contradicting(of, document.values[field], sure):
                yield Doubt(document.id, field, document.values[field], other.value, other.confidence)


def _contradicting(candidates: Sequence[Proposed], stated: Sequence[str], sure: float) -> Proposed | None:
    """The surest of the other values. One that is a kind of the stated one, or of which it is a kind, is no other."""
    meant = meant_by(stated)
    own = [p for p in candidates if p.key in meant or meant & meant_by([p.key])]
    others = [p for p in candidates if p not in own and p.confidence >= sure]
    return others[0] if others and all(p.confidence <= 1 - sure for p in own) else None
