"""Searches of somebody's own log, from a file: CSV with a header or JSON lines, a row for each object acted upon.

Columns: `time` (or `timestamp`), `query` (or `user_query`), `id` (or `object_id`); perhaps `user`, `session`, `action`
(a click where nothing is said) and `query_id`, which ties rows of one search together. A row without an id is a search
that led to nothing. Times without a zone are UTC.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ltrr_opensearch.arena.query_log import rows
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.learn.past import Past
from ltrr_opensearch.logged import Event
from ltrr_opensearch.types import Asker, Json

NAMES: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "timestamp"),
    "query": ("query", "user_query"),
    "id": ("id", "object_id"),
    "user": ("user", "user_id"),
    "session": ("session", "session_id"),
}
NEEDED = ("time", "query", "id")
CLICK = "click"


@dataclass(frozen=True, slots=True)
class _Row:
    query_id: str
    at: datetime
    text: str
    asker: Asker
    event: Event | None


def read_past_file(file: Path) -> list[Past]:
    """The searches, the oldest first."""
    by_search: defaultdict[str, list[_Row]] = defaultdict(list)
    columns: dict[str, None] = {}
    for place, row in rows(file, plain=""):
        one = _row(row, place)
        by_search[one.query_id].append(one)
        columns |= dict.fromkeys(map(str, row))
    if by_search and columns.keys().isdisjoint(NAMES["id"]):
        raise _lacking(str(file), ["id"], columns)
    if not by_search:
        raise DataError(f"{file} holds no searches; give CSV or JSON lines with the columns {', '.join(NEEDED)}")
    return sorted(map(_search, by_search.values()), key=lambda one: (one.at, one.query_id))


def digest(file: Path) -> str:
    """Names the file by its content, so that a run that broke off can tell whether it was given the same again."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()[:12]


def _search(found: list[_Row]) -> Past:
    first = min(found, key=lambda row: row.at)
    events = tuple(row.event for row in found if row.event)
    return Past(first.query_id, first.at, first.text, first.asker, events=events)


def _row(row: Json, place: str) -> _Row:
    said = {name: _said(row, spellings) for name, spellings in NAMES.items()}
    if lacking := [name for name in NEEDED if said[name] is None and name != "id"]:
        raise _lacking(place, lacking, row)
    at, named, id = _time(str(said["time"]), place), row.get("query_id"), said["id"]
    query_id = str(named) if named else place.rpartition(", ")[2]
    event = Event(query_id, at, str(row.get("action") or CLICK), id, user=said["user"] or None) if id else None
    asker = Asker(said["user"] or None, said["session"] or None)
    event = replace(event, session=asker.session) if event else None
    return _Row(query_id, at, str(said["query"]).strip(), asker, event)


def _lacking(place: str, lacking: Sequence[str], columns: Iterable[object]) -> DataError:
    return DataError(
        f"{place}: no {', '.join(lacking)} (there are: {', '.join(map(str, columns))}); name the columns "
        f"{', '.join(NEEDED)}, perhaps user, session, action, query_id"
    )


def _said(row: Json, spellings: tuple[str, ...]) -> str | None:
    """None where no such column is there, or nothing in it."""
    found = next((row[name] for name in spellings if name in row), None)
    return None if found is None else str(found).strip()


def _time(value: str, place: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DataError(f"{place}: time {value!r} is none; write it like 2026-01-31T12:00:00Z") from error
