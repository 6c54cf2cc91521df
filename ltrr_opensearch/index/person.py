"""What is kept of one person: read out whole, and forgotten.

The log names who asked (user, client, session), as it came or as a keyed hash; UBI documents do, or belong to a search
of theirs. Of what was learned only two parts know people by name: `aggregates`, how much they searched and what they
acted upon last, and `personal`, what they acted upon for which query. All else is sums over many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, Self

from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from ltrr_opensearch.errors import Conflict, DataError
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.personal import PersonalMemory
from ltrr_opensearch.log.privacy import privacy_of
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Asker, Json

AGGREGATES, PERSONAL = "aggregates", "personal"
_PAGE = 500
_WHO = ("user_id", "client_id", "session_id")
_DELETING_S = 3600
"""Longest wait for the cluster to delete somebody's documents."""


class Counts(Protocol):
    """A part's content that knows people by name."""

    def told(self, person: str) -> dict[str, Any] | None:
        """All that is kept under a name; None where nothing is."""

    def forgetting(self, person: str) -> Self: ...

    def to_bytes(self) -> bytes: ...


KNOWING: Mapping[str, Callable[[bytes], Counts]] = {
    AGGREGATES: Aggregates.from_bytes,
    PERSONAL: PersonalMemory.from_bytes,
}
"""Kinds of parts that know people by name."""


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
            raise DataError(
                "log.users is omit, and since then nothing is kept under anybody's name; for what was kept before, run "
                "this with log.users as it was"
            )
        self._name = written

    def kept(self) -> Iterator[Kept]:
        """Searches, then UBI's documents, then what is counted under the name."""
        for index, query in self._queries():
            for hit in scan(self._client, {"query": query}, index=index, ignore_unavailable=True):
                yield Kept(hit["_index"], hit["_id"], hit["_source"])
        for index, parts in self._counted():
            for kind, (_, known) in parts.items():
                yield Kept(index, kind, known.told(self._name) or {})

    def forget(self) -> Iterator[tuple[str, int]]:
        """(what, how much of it went). Searches last, since UBI's documents are found by them; a repeat is harmless.

        Raises `Conflict` where something is left, after all else of its kind is gone.
        """
        found = list(self._queries())
        for index, query in reversed(found):
            yield index, self._delete(index, query)
        for index, parts in self._counted():
            without = {kind: _without(part, known, self._name) for kind, (part, known) in parts.items()}
            self._releases.publish(index, without, "a person was forgotten")
            yield from ((f"{kind} of {index}", 1) for kind in without)

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
            if self._knowing(self._releases.parts_of(index, one.id, tuple(KNOWING)))
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

    def _counted(self) -> Iterator[tuple[str, dict[str, tuple[Part, Counts]]]]:
        """Of each index the parts that serve and know the name, where there are any."""
        for index in self._releases.indexes():
            release = self._releases.current(index)
            if release and (knowing := self._knowing(release.parts)):
                yield index, knowing

    def _knowing(self, parts: Mapping[str, Part]) -> dict[str, tuple[Part, Counts]]:
        read = {kind: (parts[kind], of(parts[kind].payload)) for kind, of in KNOWING.items() if kind in parts}
        return {kind: (part, known) for kind, (part, known) in read.items() if known.told(self._name)}


def _of_searches(ids: Sequence[str]) -> list[Json]:
    return [{"terms": {"query_id": ids[at : at + _PAGE]}} for at in range(0, len(ids), _PAGE)]


def _any(clauses: list[Json]) -> Json:
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _without(part: Part, known: Counts, name: str) -> Part:
    payload = known.forgetting(name).to_bytes()
    return Part.of(part.kind, part.index, part.algorithm, payload, datetime.now(UTC), part.meta, metrics=part.metrics)
