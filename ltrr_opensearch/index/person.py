"""What is kept of one person: read out whole, and forgotten.

The log names who asked (user, client, session), as it came or as a keyed hash; UBI documents do, or belong to a search
of theirs. Of what was learned only the part `aggregates` knows people by name: how much they searched and what they
acted upon last. All else is sums over many.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from ltrr_opensearch.errors import Conflict, DataError
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.log.privacy import privacy_of
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Asker, Json

AGGREGATES = "aggregates"
_PAGE = 500
_WHO = ("user_id", "client_id", "session_id")
_DELETING_S = 3600
"""Longest wait for the cluster to delete somebody's documents."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document of the log, or (`id` is the kind of the part) what a part that serves an index knows."""

    index: str
    id: str
    record: Json


class Person:
    """`name`: a user, a client or a session, as the application sends it."""

    def __init__(self, client: OpenSearch, settings: Settings, name: str) -> None:
        self._client = client
        self._state = settings.state
        self._releases = ReleaseStore(client, settings.state.prefix)
        written = privacy_of(settings.log, settings.state).asker(Asker(user=name)).user
        if written is None:
            raise DataError("log.users is omit: nothing is kept under anybody's name")
        self._name = written

    def kept(self) -> Iterator[Kept]:
        """Searches, then UBI's documents, then what is counted under the name."""
        for index, query in self._queries():
            for hit in scan(self._client, {"query": query}, index=index, ignore_unavailable=True):
                yield Kept(hit["_index"], hit["_id"], hit["_source"])
        for index, part in self._counted():
            known = Aggregates.from_bytes(part.payload)
            whole, last = known.user(self._name), known.last_of(self._name)
            if whole:
                yield Kept(index, AGGREGATES, {**whole._asdict(), "last_objects": list(last)})

    def forget(self) -> Iterator[tuple[str, int]]:
        """(what, how much of it went). Searches last, since UBI's documents are found by them; a repeat is harmless.

        Raises `Conflict` where something is left, after all else of its kind is gone.
        """
        found = list(self._queries())
        for index, query in reversed(found):
            yield index, self._delete(index, query)
        for index, part in self._counted():
            known = Aggregates.from_bytes(part.payload)
            if known.user(self._name):
                self._releases.publish(index, {AGGREGATES: _without(part, known, self._name)}, "a person was forgotten")
                yield f"{AGGREGATES} of {index}", 1

    def _delete(self, index: str, query: Json) -> int:
        told = {"conflicts": "proceed", "refresh": "true", "ignore_unavailable": "true"}
        gone = self._client.delete_by_query(
            index=index, body={"query": query}, params=told | {"request_timeout": _DELETING_S}
        )
        if left := gone["version_conflicts"] + len(gone["failures"]):
            raise Conflict(f"{left} documents of {index} are left, written meanwhile or refused; run it again")
        return int(gone["deleted"])

    def remaining(self) -> list[tuple[str, str]]:
        """(index, release) of kept releases that do not serve and still count under the name."""
        return [
            (index, one.id)
            for index in self._releases.indexes()
            for one in self._releases.history(index)
            for part in self._releases.parts_of(index, one.id, (AGGREGATES,)).values()
            if Aggregates.from_bytes(part.payload).user(self._name)
        ]

    def _queries(self) -> Iterator[tuple[str, Json]]:
        decisions = f"{self._state.prefix}_decisions-*"
        theirs = _any([{"term": {f"asker.{field}": self._name}} for field in ("user", "session", "client")])
        self._client.indices.refresh(index=decisions, params={"ignore_unavailable": "true"})
        asked = {"query": theirs, "_source": ["query_id"]}
        searches = [hit["_source"]["query_id"] for hit in scan(self._client, asked, index=decisions)]
        yield decisions, theirs
        for index in (self._state.ubi_queries, self._state.ubi_events):
            self._client.indices.refresh(index=index, params={"ignore_unavailable": "true"})
            yield index, _any([{"term": {field: self._name}} for field in _WHO] + _of_searches(searches))

    def _counted(self) -> Iterator[tuple[str, Part]]:
        for index in self._releases.indexes():
            release = self._releases.current(index)
            if release and (part := release.parts.get(AGGREGATES)):
                yield index, part


def _of_searches(ids: Sequence[str]) -> list[Json]:
    return [{"terms": {"query_id": ids[at : at + _PAGE]}} for at in range(0, len(ids), _PAGE)]


def _any(clauses: list[Json]) -> Json:
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _without(part: Part, known: Aggregates, name: str) -> Part:
    payload = known.forgetting(name).to_bytes()
    digest = hashlib.sha256(payload).hexdigest()
    return replace(part, payload=payload, sha256=digest, version=digest[:16], created=datetime.now(UTC))
