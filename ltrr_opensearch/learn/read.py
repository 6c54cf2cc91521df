"""Reads what learning needs from the cluster, page by page: decisions of a window of time, and the events they led to.

Events may have been indexed by clients, past us, under any mapping: what cannot be understood is counted and left out.
A missing shard is an error, since watermarks would pass the searches on it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, RequestError

from ltrr_opensearch.cluster import whole
from ltrr_opensearch.cluster.hits import Hits
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.log.candidates import Only
from ltrr_opensearch.log.records import from_document, zoned
from ltrr_opensearch.log.ubi import value_at
from ltrr_opensearch.logged import Decision, Event
from ltrr_opensearch.types import Json

PAGE = 1100
"""More than a stretch has, in all but a rush: so its end comes with its first page."""
EVENT_PAGE = 5000
KEEP_ALIVE = "5m"
IMPRESSION = "impression"


@dataclass(frozen=True, slots=True)
class Window:
    """Searches made after `after`, up to and including `until`."""

    after: datetime | None
    until: datetime

    def holds(self, at: datetime) -> bool:
        return at <= self.until and (self.after is None or at > self.after)


def refresh(client: OpenSearch, prefix: str, events_index: str) -> None:
    """Make all that was written visible to searches."""
    client.indices.refresh(index=f"{prefix}_decisions-*,{events_index}", params={"ignore_unavailable": "true"})


def count_decisions(client: OpenSearch, prefix: str, index: str, window: Window) -> int:
    body: Json = {"size": 0, "track_total_hits": True, "query": in_window(index, window)}
    return int(whole.search(client, body, decisions_index(prefix))["hits"]["total"]["value"])


def times_elsewhere(
    client: OpenSearch, prefix: str, index: str, query_ids: Sequence[str], window: Window
) -> dict[str, list[datetime]]:
    """When searches outside of a window were made under the query_ids of some inside."""
    of_these = [{"term": {"index": index}}, {"terms": {"query_id": list(query_ids)}}]
    query: Json = {"bool": {"filter": of_these, "must_not": in_window(index, window)}}
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for page in _in_any_order(client, decisions_index(prefix), query, ["query_id", "@timestamp"]):
        for source in page:
            times[source["query_id"]].append(datetime.fromisoformat(source["@timestamp"]).astimezone(UTC))
    return times


def ours(client: OpenSearch, prefix: str, query_ids: Sequence[str]) -> set[str]:
    """Those under which our own log has a search, of whichever index."""
    query: Json = {"terms": {"query_id": list(query_ids)}}
    pages = _in_any_order(client, decisions_index(prefix), query, ["query_id"]) if query_ids else ()
    return {source["query_id"] for page in pages for source in page}


def times_of(client: OpenSearch, prefix: str, index: str, query_ids: Collection[str]) -> dict[str, list[datetime]]:
    """When searches of an index were made, by query_id, to the millisecond. Reads no documents."""
    filters = [{"term": {"index": index}}, {"terms": {"query_id": sorted(query_ids)}}]
    fields = ["query_id", {"field": "@timestamp", "format": "epoch_millis"}]
    body: Json = {"size": EVENT_PAGE, "query": {"bool": {"filter": filters}}, "_source": False}
    body["docvalue_fields"] = fields
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for hits in whole.scrolled(client, body, decisions_index(prefix), KEEP_ALIVE) if query_ids else ():
        for found in (hit["fields"] for hit in hits):
            times[found["query_id"][0]].append(datetime.fromtimestamp(int(found["@timestamp"][0]) / 1000, UTC))
    return times


def decisions_under(client: OpenSearch, prefix: str, index: str, query_ids: Sequence[str]) -> Iterator[list[Json]]:
    """The documents of all searches under some query_ids."""
    filters = [{"term": {"index": index}}, {"terms": {"query_id": list(query_ids)}}]
    return _in_any_order(client, decisions_index(prefix), {"bool": {"filter": filters}})


def last_search(client: OpenSearch, prefix: str, index: str, until: datetime) -> datetime | None:
    """The time of the newest search of an index that is in the log, of those up to `until`."""
    newest: Json = {"@timestamp": {"order": "desc", "unmapped_type": "date"}}
    body: Json = {
        "size": 1,
        "_source": ["@timestamp"],
        "query": in_window(index, Window(None, until)),
        "sort": [newest],
    }
    hits = whole.search(client, body, decisions_index(prefix))["hits"]["hits"]
    return datetime.fromisoformat(hits[0]["_source"]["@timestamp"]).astimezone(UTC) if hits else None


def decision_pages(
    client: OpenSearch, prefix: str, index: str, window: Window, most: int, counts: Counter[str]
) -> Iterator[list[Decision]]:
    """The newest `most` decisions of an index in a window, the newest first."""
    for page in document_pages(client, prefix, index, window, most, counts):
        yield understood(((document, None) for document in page.documents), counts)


class Page(NamedTuple):
    """Documents of decisions, parsed one after the other, and under which query ids they are."""

    ids: Sequence[str]
    documents: Iterable[Json]

    @classmethod
    def of(cls, documents: Sequence[Json]) -> Page:
        return cls([str(document.get("query_id")) for document in documents], documents)


def document_pages(
    client: OpenSearch, prefix: str, index: str, window: Window, most: int, counts: Counter[str]
) -> Iterator[Page]:
    """The documents of such decisions, not yet understood.

    They come whole: to leave columns out costs the cluster four times what sending them does (measured in
    docs/learning-loop-jobs.md), and what is not needed is not built here.
    """
    order = [{"@timestamp": "desc"}, {"query_id": "asc"}]
    for page in _pages(client, decisions_index(prefix), in_window(index, window), order, PAGE):
        hits = page[: max(0, most - counts["decisions"])]
        counts["decisions"] += len(hits)
        yield Page([str(id) for _, id in _sorts(hits)], (hit["_source"] for hit in hits))
        if counts["decisions"] >= most:
            return


def understood(documents: Iterable[tuple[Json, Only | None]], counts: Counter[str]) -> list[Decision]:
    """Documents, or only some of their candidates, as decisions. What is none is counted and left out."""
    decisions = []
    for document, only in documents:
        try:
            decisions.append(from_document(document, only))
        except DataError:
            counts["unreadable decisions"] += 1
    return decisions


def events_of(
    client: OpenSearch, events_index: str, query_ids: Sequence[str], counts: Counter[str]
) -> dict[str, list[Event]]:
    """The events of some searches by query_id, impressions left out.

    Both spellings of a keyword are asked for, since an index made by its first document maps words as text.
    """
    ids = list(query_ids)
    of_these = [{"terms": {"query_id": ids}}, {"terms": {"query_id.keyword": ids}}]
    shown = [{"term": {"action_name": IMPRESSION}}, {"term": {"action_name.keyword": IMPRESSION}}]
    query = {"bool": {"should": of_these, "minimum_should_match": 1, "must_not": shown}}
    found: defaultdict[str, list[Event]] = defaultdict(list)
    wanted = frozenset(ids)
    for page in _in_any_order(client, events_index, query):
        for source in page:
            event = to_event(source)
            counts["events"] += 1
            if event is None:
                counts["unreadable events"] += 1
            elif event.query_id in wanted:
                found[event.query_id].append(event)
    return found


def to_event(source: Json) -> Event | None:
    """A stored UBI event, or None where it lacks an action, a search, or a time with a zone that UTC can express."""
    query_id, action, at = source.get("query_id"), source.get("action_name"), time_of(source)
    if not isinstance(query_id, str) or not isinstance(action, str) or at is None:
        return None
    object_id = value_at(source, "event_attributes.object.object_id")
    position = value_at(source, "event_attributes.position.ordinal")
    return Event(
        query_id=query_id,
        at=at,
        action=action,
        object_id=str(object_id) if isinstance(object_id, str | int) else None,
        position=position if isinstance(position, int) else None,
        user=_word(source.get("user_id")),
        session=_word(source.get("session_id")),
        client=_word(source.get("client_id")),
    )


def time_of(source: Json) -> datetime | None:
    """The `timestamp` of a stored UBI document; None where it has none with a zone, or UTC cannot express it."""
    try:
        local = datetime.fromisoformat(source["timestamp"])
        return local.astimezone(UTC) if local.tzinfo else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _word(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) else None


def decisions_index(prefix: str) -> str:
    return f"{prefix}_decisions-*"


def in_window(index: str, window: Window) -> Json:
    times = {"lte": zoned(window.until), **({"gt": zoned(window.after)} if window.after else {})}
    return {"bool": {"filter": [{"term": {"index": index}}, {"range": {"@timestamp": times}}]}}


def _in_any_order(client: OpenSearch, index: str, query: Json, source: object = True) -> Iterator[list[Json]]:
    """Sources of all matches. An index that does not exist has none."""
    body: Json = {"size": EVENT_PAGE, "query": query, "_source": source}
    try:
        for hits in whole.scrolled(client, body, index, KEEP_ALIVE):
            yield [hit["_source"] for hit in hits]
    except NotFoundError:
        return


def _sorts(hits: Sequence[Json]) -> Sequence[Any]:
    """By what they were sorted."""
    return hits.sorts if isinstance(hits, Hits) else [hit["sort"] for hit in hits]


def _pages(client: OpenSearch, index: str, query: Json, order: Sequence[object], size: int) -> Iterator[Sequence[Json]]:
    """All matches from one point in time. An index that does not exist has none."""
    try:
        pit = whole.open_pit(client, index, KEEP_ALIVE)
    except NotFoundError:
        return
    except RequestError as error:
        if "invalid id: [null]" in str(error):  # what 3.6 says when a pattern matches no index
            return
        raise
    try:
        body: Json = {"size": size, "query": query, "sort": order, "track_total_hits": False}
        while True:
            hits = whole.search(client, {**body, "pit": {"id": pit, "keep_alive": KEEP_ALIVE}})["hits"]["hits"]
            if hits:
                yield hits
            if len(hits) < size:
                return
            body["search_after"] = _sorts(hits)[-1]
    finally:
        client.delete_pit(body={"pit_id": [pit]})
