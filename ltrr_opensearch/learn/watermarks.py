"""How far learning has come, per index.

What a part was trained on is part of the part: `meta.through`, the time of the last search, switches with the release
and goes back with it. Only the memory's documents, which change in place, need a note of their own in `{prefix}_jobs`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from opensearchpy import OpenSearch

from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.logged import Part

THROUGH = "through"


def through(part: Part | None) -> datetime | None:
    """The time up to which searches went into a part; None where it was not learned by a run of ours."""
    value = part.meta.get(THROUGH) if part else None
    return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else None


class MemoryMark:
    def __init__(self, client: OpenSearch, prefix: str, index: str) -> None:
        self._client, self._name, self._index = client, f"{prefix}_jobs", index
        self._id = f"learn-memory-{quote(index, safe='')}"

    def read(self) -> tuple[datetime | None, Window | None]:
        """Searches counted up to, and the window of a run that broke off."""
        source = self._client.get(index=self._name, id=self._id, ignore=404).get("_source", {})
        done, pending = _time(source.get(THROUGH)), _time(source.get("pending"))
        return done, Window(done, pending) if pending else None

    def begin(self, done: datetime | None, until: datetime) -> None:
        self._write(done, until)

    def finish(self, until: datetime) -> None:
        self._write(until, None)

    def _write(self, done: datetime | None, pending: datetime | None) -> None:
        body = {
            "kind": "learn-memory",
            "index": self._index,
            "updated": datetime.now(UTC).isoformat(),
            THROUGH: done.isoformat() if done else None,
            "pending": pending.isoformat() if pending else None,
        }
        self._client.index(index=self._name, id=self._id, body=body)


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value).astimezone(UTC) if value else None
