"""Searches with their events as bytes, while they wait to be learned, and back without loss.

One run writes and reads them, in processes of the same Python, so `marshal` will do: it packs in less than half of
pickle's time, but knows only numbers, texts, tuples and dictionaries. What hardly a search has is pickled inside.
"""

from __future__ import annotations

import marshal
import pickle
from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from ltrr_opensearch.candidate_columns import Columns, PlanColumn
from ltrr_opensearch.learn.join import Joined
from ltrr_opensearch.logged import CandidateRecord, Decision, Event, SlotRecord, slot_record
from ltrr_opensearch.types import Asker, DocKey, Found, Outcome

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_OUTCOME = SlotRecord._fields.index("outcome")
_OF_DECISION, _OF_ASKER, _OF_EVENT = (attrgetter(*cls.__match_args__) for cls in (Decision, Asker, Event))
"""All fields in their order."""
_OF_COLUMNS = attrgetter("ids", "indexes", "routing", "objects", "teams", "odd")
"""What candidates are made of again, beside the plans."""
_AT, _ASKER, _SLOTS, _CANDIDATES, *_RARE = map(
    Decision.__match_args__.index, ("at", "asker", "slots", "candidates", "placed", "trial", "ruled")
)
_EVENT_AT = Event.__match_args__.index("at")


CHUNK = 50
"""Searches that are unpacked at once: what they were packed in is gone before the next ones come, and its memory, which
the processor still has at hand, is theirs. By the thousand it took twice as long."""


def packed(joined: Sequence[Joined]) -> bytes:
    chunks = (joined[start : start + CHUNK] for start in range(0, len(joined), CHUNK))
    return marshal.dumps(
        [marshal.dumps([(_decision(decision), [_event(e) for e in events]) for decision, events in c]) for c in chunks]
    )


def unpacked(data: bytes) -> Iterator[Joined]:
    for chunk in marshal.loads(data):  # noqa: S302 - what our workers wrote
        for decision, events in marshal.loads(chunk):  # noqa: S302
            yield _decision_back(decision), [_event_back(e) for e in events]


def _decision(decision: Decision) -> list[Any]:
    told = list(_OF_DECISION(decision))
    told[_AT] = _micros(decision.at)
    told[_ASKER] = _OF_ASKER(decision.asker)
    told[_SLOTS] = _slots(decision.slots)
    told[_CANDIDATES] = _candidates(decision.candidates)
    for place in _RARE:
        told[place] = pickle.dumps(told[place]) if told[place] else None
    return told


def _decision_back(told: list[Any]) -> Decision:
    told[_AT] = _time(told[_AT])
    told[_ASKER] = Asker(*told[_ASKER])
    told[_SLOTS] = _slots_back(told[_SLOTS])
    told[_CANDIDATES] = _candidates_back(told[_CANDIDATES])
    for place in _RARE:
        told[place] = pickle.loads(told[place]) if told[place] else _NONE[place]  # noqa: S301 - what we wrote
    return Decision(*told)


def _slots(slots: Sequence[SlotRecord]) -> list[Any]:
    """A column for each field: made, and taken apart, by a call where rows take one each."""
    columns: list[Any] = list(zip(*slots, strict=True))
    if columns:
        columns[_OUTCOME] = [outcome.value for outcome in columns[_OUTCOME]]
    return columns


def _slots_back(columns: list[Any]) -> tuple[SlotRecord, ...]:
    if columns:
        columns[_OUTCOME] = map(_OUTCOMES.__getitem__, columns[_OUTCOME])
    return tuple(map(slot_record, zip(*columns, strict=True)))


def _candidates(candidates: Sequence[CandidateRecord]) -> Any:
    """Those of a log are columns as it is; others, which few searches have, become rows."""
    if isinstance(candidates, Columns):
        return [*_OF_COLUMNS(candidates), [_plan(*column) for column in candidates.plans]]
    return tuple([((*key,), [(*f,) for f in found], *more) for key, found, *more in candidates])


def _candidates_back(told: Any) -> Sequence[CandidateRecord]:
    if isinstance(told, list):
        ids, indexes, routing, objects, teams, odd, plans = told
        return Columns(ids, indexes, routing, objects, teams, odd, [_plan_back(*column) for column in plans])
    return tuple(
        [CandidateRecord(DocKey._make(key), tuple(map(Found._make, found)), *more) for key, found, *more in told]
    )


def _plan(plan: str, at: Sequence[int], ranks: Sequence[int], scores: Sequence[float]) -> tuple[Any, ...]:
    """Numbers as bytes, which are one object where lists are dozens; ranks that only count are their number."""
    counted = isinstance(ranks, range)
    return plan, array("i", at), len(ranks) if counted else array("i", ranks), array("d", scores)


def _plan_back(plan: str, at: bytes, ranks: bytes | int, scores: bytes) -> PlanColumn:
    told = range(1, ranks + 1) if isinstance(ranks, int) else array("i", ranks)
    return PlanColumn(plan, array("i", at), told, array("d", scores))


_NONE = dict(zip(_RARE, (None, None, ()), strict=True))


def _event(event: Event) -> list[Any]:
    told = list(_OF_EVENT(event))
    told[_EVENT_AT] = _micros(event.at)
    return told


def _event_back(told: list[Any]) -> Event:
    told[_EVENT_AT] = _time(told[_EVENT_AT])
    return Event(*told)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICRO


def _time(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
