"""Records and the `_bulk` request, pure: what is sent, and what the cluster's answer means for each record.

Records are created under ids of our choosing, so one that is sent again meets its twin (409) and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar
from zlib import crc32

import orjson

from ltrr_opensearch.types import Json

T = TypeVar("T")

RETRIED = frozenset((401, 403, 408, 429, 500, 502, 503, 504))
"""Statuses that say "not now": too busy, not well, or forbidden by a block or a role that somebody can mend."""
MENDED = frozenset(("index_not_found_exception", "index_closed_exception", "validation_exception"))
"""Errors of an index or cluster, not of the record: gone and not to be made anew, closed, no shard allowed any more."""


@dataclass(frozen=True, slots=True)
class Record:
    """A document on its way, encoded once: the lines that `_bulk` takes."""

    action: bytes
    document: bytes

    @property
    def size(self) -> int:
        return len(self.action) + len(self.document)

    @property
    def index(self) -> str:
        name: str = orjson.loads(self.action)["create"]["_index"]
        return name


class Verdict(Enum):
    WRITTEN = "written"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record; `reason` is empty where it was written."""

    verdict: Verdict
    reason: str = ""
    twin: bool = False
    """Written before, under the same id."""

    @property
    def kind(self) -> str:
        """The reason without what is particular to one record."""
        return self.reason.partition(":")[0]


def split(items: Sequence[T], chosen: Callable[[T], bool]) -> tuple[list[T], list[T]]:
    """Those chosen and the others; each is asked about once, since the answer may change with time."""
    parts: tuple[list[T], list[T]] = ([], [])
    for item in items:
        parts[not chosen(item)].append(item)
    return parts


def record(index: str, id: str, document: Json) -> Record:
    return Record(orjson.dumps({"create": {"_index": index, "_id": id}}), orjson.dumps(document))


def body(records: Sequence[Record]) -> bytes:
    return b"".join(part for r in records for part in (r.action, b"\n", r.document, b"\n"))


def outcomes(answer: Json, count: int) -> list[Outcome]:
    """What became of each of `count` records."""
    items = answer.get("items", [])
    if len(items) != count:
        return [Outcome(Verdict.RETRY, f"_bulk lost count: {len(items)} items for {count} records")] * count
    return [_outcome(next(iter(item.values()))) for item in items]


def _outcome(item: Json) -> Outcome:
    status = int(item.get("status", 500))
    if status < 300 or status == 409:
        return Outcome(Verdict.WRITTEN, twin=status == 409)
    error = item.get("error")
    kind = error.get("type") if isinstance(error, dict) else None
    reason = f"{status} {kind}: {error.get('reason')}" if isinstance(error, dict) else f"{status} {error}"
    return Outcome(Verdict.RETRY if status in RETRIED or kind in MENDED else Verdict.REFUSED, reason)


def to_line(record: Record) -> bytes:
    """A record as one line of a spool file. The checksum tells a torn or damaged line."""
    data = record.action + b"\t" + record.document
    return b"%08x " % crc32(data) + data + b"\n"


def from_line(line: bytes) -> Record | None:
    """The record of a line, or None where the line is damaged."""
    checksum, _, data = line.rstrip(b"\n").partition(b" ")
    action, tab, document = data.partition(b"\t")
    if not tab or checksum != b"%08x" % crc32(data):
        return None
    return Record(action, document)
