"""Reads the searches that UBI holds and our own log does not: those of the time before us, or past us. Read-only.

A search that a proxy of ours wrote down is told by our words among its `query_attributes`, even when its decision has
expired; one that the cluster's UBI plugin wrote as well, by a decision under its query_id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError

from ltrr_opensearch.cluster import whole
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.learn.past import Past
from ltrr_opensearch.learn.read import KEEP_ALIVE, PAGE, Window, events_of, ours, time_of
from ltrr_opensearch.log.records import zoned
from ltrr_opensearch.log.ubi import OURS
from ltrr_opensearch.logged import Event
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Asker, Json

FIELDS = ("query_id", "user_query", "timestamp", "client_id", "query_response_hit_ids", "query_attributes")
OWN_LOG = "searches of our own log"


@dataclass(frozen=True, slots=True)
class PastUbi:
    """`application`: only searches of this one; None: of all."""

    client: OpenSearch
    state: StateSettings
    application: str | None = None

    def read(self, window: Window, counts: Counter[str]) -> list[Past]:
        """The searches of a window, each once: of a search that was written several times, its first page."""
        found: dict[str, Past] = {}
        own: set[str] = set()
        for sources in self._pages(window):
            own |= _written_by_us(sources)
            for one in self._fresh(sources, own, counts):
                before = found.get(one.query_id)
                counts["further pages"] += before is not None
                if before is None or one.at < before.at:
                    found[one.query_id] = one
        for id in own & found.keys():  # the plugin's record may come before ours
            del found[id]
            counts[OWN_LOG] += 1
        ids = list(found)
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            events = events_of(self.client, self.state.ubi_events, some, counts)
            found |= {id: acted(found[id], events[id]) for id in some if id in events}
        return sorted(found.values(), key=lambda one: (one.at, one.query_id))

    def _pages(self, window: Window) -> Iterator[list[Json]]:
        times = {"lte": zoned(window.until), **({"gt": zoned(window.after)} if window.after else {})}
        filters: list[Json] = [{"range": {"timestamp": times}}]
        if self.application is not None:
            filters.append({"term": {"application": self.application}})
        body: Json = {"size": PAGE, "query": {"bool": {"filter": filters}}, "_source": FIELDS}
        try:
            for hits in whole.scrolled(self.client, body, self.state.ubi_queries, KEEP_ALIVE):
                yield [hit["_source"] for hit in hits]
        except NotFoundError as error:
            name = self.state.ubi_queries
            raise DataError(f"the cluster has no index {name}; give a file instead: --clicks FILE") from error

    def _fresh(self, sources: Sequence[Json], own: Collection[str], counts: Counter[str]) -> Iterator[Past]:
        """What can be understood and is not ours; `own`: query_ids that are known to be."""
        read = [one for source in sources if (one := _past(source)) is not None]
        counts["searches read"] += len(sources)
        counts["unreadable searches"] += len(sources) - len(read)
        known = {*own, *ours(self.client, self.state.prefix, [one.query_id for one in read])}
        counts[OWN_LOG] += sum(one.query_id in known for one in read)
        yield from (one for one in read if one.query_id not in known)


def without_ours(client: OpenSearch, prefix: str, past: Sequence[Past], counts: Counter[str]) -> list[Past]:
    """Without the searches that our own log has under the same query_id."""
    known: set[str] = set()
    for start in range(0, len(past), PAGE):
        known |= ours(client, prefix, [one.query_id for one in past[start : start + PAGE]])
    counts[OWN_LOG] += sum(one.query_id in known for one in past)
    return [one for one in past if one.query_id not in known]


def acted(one: Past, events: Sequence[Event]) -> Past:
    """The search with what was acted upon; who acted is who had asked, as far as UBI tells."""
    user = next((event.user for event in events if event.user), None)
    session = next((event.session for event in events if event.session), None)
    client = one.asker.client or next((event.client for event in events if event.client), None)
    return replace(one, asker=Asker(user, session, client), events=tuple(events))


def _past(source: Json) -> Past | None:
    query_id, hits, at = source.get("query_id"), source.get("query_response_hit_ids"), time_of(source)
    if not isinstance(query_id, str) or at is None:
        return None
    text, client = source.get("user_query"), source.get("client_id")
    shown = tuple(str(hit) for hit in hits if isinstance(hit, str | int)) if isinstance(hits, list) else ()
    words = text.strip() if isinstance(text, str) else ""
    return Past(query_id, at, words, Asker(client=str(client) if isinstance(client, str | int) else None), shown)


def _written_by_us(sources: Sequence[Json]) -> set[str]:
    return {str(s.get("query_id")) for s in sources if OURS & _words(s.get("query_attributes")).keys()}


def _words(attributes: Any) -> Mapping[str, object]:
    return attributes if isinstance(attributes, dict) else {}
