"""What later pages showed, and by which names: so that a click behind the first page counts for the search that settled
its order. Only impressions that a proxy wrote count, which their `_id` tells: events that clients post get another one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError

from ltrr_opensearch.cluster import whole
from ltrr_opensearch.learn.read import events_of
from ltrr_opensearch.log.ubi import CONTINUES, LATER, impression_id, value_at
from ltrr_opensearch.logged import CandidateRecord, Decision, Event
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import DocKey, Json

MOST_AT_ONCE = 5000
KEEP_ALIVE = "5m"


class Shown(NamedTuple):
    """A hit of a later page: its place from 1, the name that events use for it, and its `_id`."""

    place: int
    name: str
    id: str


def with_later_pages(
    client: OpenSearch, state: StateSettings, decisions: Sequence[Decision], counts: Counter[str]
) -> tuple[list[Decision], dict[str, list[Event]]]:
    """Decisions with what their later pages showed as well, and the events of all their pages by the decisions' ids."""
    after = followed(client, state, [d.query_id for d in decisions], counts)
    return [with_later(d, after.shown.get(d.query_id, ())) for d in decisions], after.events


class Followed(NamedTuple):
    """What came after searches, by their ids: hits of later pages, and events of all pages."""

    shown: dict[str, list[Shown]]
    events: dict[str, list[Event]]

    def named(self, query_id: str) -> set[str]:
        """What a later page showed of a search, or an event is about, by any name."""
        names = {e.object_id for e in self.events.get(query_id, ()) if e.object_id is not None}
        return names.union(*[(hit.id, hit.name) for hit in self.shown.get(query_id, ())])


def followed(client: OpenSearch, state: StateSettings, ids: Sequence[str], counts: Counter[str]) -> Followed:
    names = {id: id for id in ids} | names_of(client, state.ubi_queries, ids)
    shown = shown_later(client, state.ubi_events, names)
    events: defaultdict[str, list[Event]] = defaultdict(list)
    for name, those in events_of(client, state.ubi_events, list(names), counts).items():
        events[names[name]] += those
    return Followed(shown, events)


def names_of(client: OpenSearch, queries_index: str, query_ids: Sequence[str]) -> dict[str, str]:
    """Query ids that clients gave to later pages -> that of the search that each continues."""
    query = {"terms": {f"query_attributes.{CONTINUES}": list(query_ids)}}
    wanted = frozenset(query_ids)
    found = {}
    for hit in _hits(client, queries_index, query, ["query_id", "query_attributes"]):
        source = hit["_source"]
        first = value_at(source.get("query_attributes"), CONTINUES)
        if first in wanted and isinstance(source.get("query_id"), str):
            found[source["query_id"]] = first
    return found


def continued(client: OpenSearch, queries_index: str, query_ids: Collection[str]) -> dict[str, str]:
    """Of query ids those that clients gave to later pages -> that of the search that each continues."""
    query = {"terms": {"query_id": sorted(query_ids)}}
    hits = _hits(client, queries_index, query, ["query_id", "query_attributes"]) if query_ids else ()
    found = ((h["_source"].get("query_id"), value_at(h["_source"].get("query_attributes"), CONTINUES)) for h in hits)
    return {id: first for id, first in found if isinstance(id, str) and isinstance(first, str)}


def shown_later(client: OpenSearch, events_index: str, names: Mapping[str, str]) -> dict[str, list[Shown]]:
    """By search, what its later pages showed. `names`: query ids of pages -> that of the search."""
    filters = [{"terms": {"query_id": list(names)}}, {"term": {"message_type": LATER}}]
    shown: defaultdict[str, list[Shown]] = defaultdict(list)
    for hit in _hits(client, events_index, {"bool": {"filter": filters}}, True):
        source = hit["_source"]
        place = value_at(source, "event_attributes.position.ordinal")
        name = value_at(source, "event_attributes.object.object_id")
        if isinstance(place, int) and hit["_id"] == impression_id(source["query_id"], place):
            shown[names[source["query_id"]]].append(Shown(place, name, source.get("message", name)))
    return shown


def with_later(decision: Decision, shown: Iterable[Shown]) -> Decision:
    """The decision with what its later pages showed among its candidates. Pure."""
    hits = {hit.id: hit for hit in sorted(shown)}
    if not hits:
        return decision
    known = [_named(c, hits.get(c.key.id)) for c in decision.candidates]
    ids = {c.key.id for c in decision.candidates}
    index = decision.candidates[0].key.index if decision.candidates else decision.index
    behind = [_named(CandidateRecord(DocKey(index, id), ()), hit) for id, hit in hits.items() if id not in ids]
    return replace(decision, candidates=(*known, *behind))


def _named(candidate: CandidateRecord, hit: Shown | None) -> CandidateRecord:
    if hit is None or hit.name == hit.id:
        return candidate
    return candidate._replace(object_id=hit.name)


def _hits(client: OpenSearch, index: str, query: Json, source: object) -> Iterator[Json]:
    body: Json = {"size": MOST_AT_ONCE, "query": query, "_source": source}
    try:
        for hits in whole.scrolled(client, body, index, KEEP_ALIVE):
            yield from hits
    except NotFoundError:
        return
