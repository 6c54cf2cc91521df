"""How far learning has come, per index.

What a part was trained on is part of the part: `meta.through`, the time of the last search, switches with the release
and goes back with it. Only the memory's documents, which change in place, need notes of their own in `{prefix}_jobs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar, NamedTuple
from urllib.parse import quote

from opensearchpy import OpenSearch

from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.logged import Part
from ltrr_opensearch.types import Json

THROUGH = "through"


def through(part: Part | None) -> datetime | None:
    """The time up to which searches went into a part; None where it was not learned by a run of ours."""
    value = part.meta.get(THROUGH) if part else None
    return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else None


class _Note:
    """A document of `{prefix}_jobs` about an index, rewritten whole."""

    kind: ClassVar[str]

    def __init__(self, client: OpenSearch, prefix: str, index: str) -> None:
        self._jobs, self._index = JobStore(client, prefix), index
        self._id = f"{self.kind}-{quote(index, safe='')}"

    def _read(self) -> Json:
        return self._jobs.get(self._id)

    def _noted(self, said: Json) -> None:
        about = {"kind": self.kind, "index": self._index, "updated": datetime.now(UTC).isoformat()}
        self._jobs.put(self._id, about | said)


class MemoryMark(_Note):
    kind = "learn-memory"

    def read(self) -> tuple[datetime | None, Window | None]:
        """Searches counted up to, and the window of a run that broke off."""
        source = self._read()
        done, pending = _time(source.get(THROUGH)), _time(source.get("pending"))
        return done, Window(done, pending) if pending else None

    def begin(self, done: datetime | None, until: datetime) -> None:
        self._write(done, until)

    def finish(self, until: datetime) -> None:
        self._write(until, None)

    def _write(self, done: datetime | None, pending: datetime | None) -> None:
        until = pending.isoformat() if pending else None
        self._noted({THROUGH: done.isoformat() if done else None, "pending": until})


class Met(NamedTuple):
    """Late events looked for: those of searches up to `until`, by shard up to the sequence number in `marks`."""

    until: datetime
    marks: Mapping[str, int]


class LateMark(_Note):
    """How far the memory's documents know late events: what is done, and what a run that broke off was about to do."""

    kind = "late-memory"

    def read(self) -> tuple[Met | None, Met | None]:
        source = self._read()
        return _met(source.get("done")), _met(source.get("pending"))

    def begin(self, pending: Met) -> None:
        self._write(self.read()[0], pending)

    def finish(self) -> None:
        done, pending = self.read()
        self._write(pending or done, None)

    def _write(self, done: Met | None, pending: Met | None) -> None:
        self._noted({"done": _stored(done), "pending": _stored(pending)})


def _met(source: Json | None) -> Met | None:
    if not source:
        return None
    until = datetime.fromisoformat(source["until"]).astimezone(UTC)
    return Met(until, {shard: int(number) for shard, number in source["marks"].items()})


def _stored(met: Met | None) -> Json | None:
    return {"until": met.until.isoformat(), "marks": dict(met.marks)} if met else None


class Span(NamedTuple):
    """A time, both ends included."""

    first: datetime
    last: datetime

    def holds(self, at: datetime) -> bool:
        return self.first <= at <= self.last

    def joined(self, other: Span | None) -> Span:
        return Span(min(self.first, other.first), max(self.last, other.last)) if other else self


class Noted(NamedTuple):
    """`covered`: what warm starts have counted; `pending`: what one that broke off was about to, from `source`."""

    covered: Span | None
    pending: Span | None
    source: str


class PastMark(_Note):
    """How much of the time before us the memory has counted. A hole between two spans counts as covered."""

    kind = "warm-start"

    def read(self) -> Noted:
        source = self._read()
        return Noted(_span(source.get("covered")), _span(source.get("pending")), str(source.get("source", "")))

    def begin(self, span: Span, source: str) -> None:
        self._write(self.read().covered, span, source)

    def finish(self) -> None:
        """What was pending is covered."""
        noted = self.read()
        self._write(noted.pending.joined(noted.covered) if noted.pending else noted.covered, None, noted.source)

    def _write(self, covered: Span | None, pending: Span | None, source: str) -> None:
        self._noted({"source": source, "covered": _times(covered), "pending": _times(pending)})


def _times(span: Span | None) -> list[str] | None:
    return [at.isoformat() for at in span] if span else None


def _span(value: Sequence[str] | None) -> Span | None:
    if not value:
        return None
    first, last = (datetime.fromisoformat(at).astimezone(UTC) for at in value)
    return Span(first, last)


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value).astimezone(UTC) if value else None
