"""Records and the `_bulk` request, pure: what is sent, and what the cluster's answer means for each record.

Records are created under ids of our choosing, so one that is sent again meets its twin (409) and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from zlib import crc32

import orjson

from ltrr_opensearch.types import Json

RETRIED = frozenset((408, 429, 500, 502, 503, 504))
"""Statuses that say "not now"; every other failure would fail again."""


@dataclass(frozen=True, slots=True)
class Record:
    """A document on its way, encoded once: the lines that `_bulk` takes."""

    action: bytes
    document: bytes

    @property
    def size(self) -> int:
        return len(self.action) + len(self.document)


class Verdict(Enum):
    WRITTEN = "written"
    RETRY = "retry"
    REFUSED = "refused"


def record(index: str, id: str, document: Json) -> Record:
    return Record(orjson.dumps({"create": {"_index": index, "_id": id}}), orjson.dumps(document))


def body(records: Sequence[Record]) -> bytes:
    return b"".join(part for r in records for part in (r.action, b"\n", r.document, b"\n"))


def verdicts(answer: Json, count: int) -> list[tuple[Verdict, str]]:
    """What became of each of `count` records, with the reason where it was not written."""
    items = answer.get("items", [])
    if len(items) != count:
        return [(Verdict.RETRY, f"_bulk answered {len(items)} items for {count} records")] * count
    return [_verdict(next(iter(item.values()))) for item in items]


def _verdict(item: Json) -> tuple[Verdict, str]:
    status = int(item.get("status", 500))
    if status < 300 or status == 409:
        return Verdict.WRITTEN, ""
    error = item.get("error")
    reason = f"{error.get('type')}: {error.get('reason')}" if isinstance(error, dict) else str(error)
    return (Verdict.RETRY if status in RETRIED else Verdict.REFUSED), f"{status} {reason}"


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
