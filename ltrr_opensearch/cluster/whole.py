"""Searches that are answered by every shard or not at all.

A cluster that is starting, or has lost a shard, answers from what it has. Whoever takes what was not found for absent
(deletes it, or learns past it) must refuse such an answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.types import Json

LOST_SHARDS = 503
"""How OpenSearch answers when shards are missing and a part of the answer would not do."""


def search(client: OpenSearch, body: Json, index: str | None = None) -> Json:
    """The cluster's answer; `Unreachable` where some shard did not take part. `index` is None with a PIT."""
    where = index or "a point in time"
    try:
        found: Json = client.search(index=index, body=body, params={"allow_partial_search_results": "false"})
    except TransportError as error:
        if error.status_code == LOST_SHARDS:
            raise incomplete(where, "it was answered with 503") from error
        raise
    _all_shards(found, where)
    return found


def _all_shards(found: Json, where: str) -> None:
    shards = found["_shards"]
    if shards["successful"] < shards["total"]:
        raise incomplete(where, f"{shards['successful']} of {shards['total']} shards answered")


def scrolled(client: OpenSearch, body: Json, index: str, keep_alive: str) -> Iterator[list[Json]]:
    """All hits in no particular order, page by page of `body["size"]`; for every mapping and version.

    Most answers are one page, for which no scroll need be kept, and forgotten by another request. `search_after` needs
    an order without ties; `_shard_doc` gives one, but not in OpenSearch 2.19 and 3.0.
    """
    only = search(client, {**body, "sort": ["_doc"], "track_total_hits": False}, index)["hits"]["hits"]
    if len(only) < body["size"]:
        if only:
            yield only
        return
    del only  # the scroll begins anew
    params = {"scroll": keep_alive, "allow_partial_search_results": "false"}
    try:
        found: Json = client.search(index=index, body={**body, "sort": ["_doc"]}, params=params)
    except TransportError as error:
        if error.status_code == LOST_SHARDS:
            raise incomplete(index, "it was answered with 503") from error
        raise
    try:
        while True:
            _all_shards(found, index)
            if hits := found["hits"]["hits"]:
                yield hits
            if len(hits) < body["size"]:
                return
            found = client.scroll(body={"scroll_id": found["_scroll_id"], "scroll": keep_alive})
    finally:
        if "_scroll_id" in found:  # a pattern that matches no index has none
            client.clear_scroll(body={"scroll_id": [found["_scroll_id"]]}, ignore=404)


def open_pit(client: OpenSearch, index: str, keep_alive: str) -> str:
    """A point in time over every shard of an index expression; its id."""
    params = {"keep_alive": keep_alive, "allow_partial_pit_creation": "false"}
    try:
        id: str = client.create_pit(index=index, params=params)["pit_id"]
    except TransportError as error:
        if error.status_code == LOST_SHARDS:
            raise incomplete(index, "a point in time was answered with 503") from error
        raise
    return id


def incomplete(where: str, what: str) -> Unreachable:
    return Unreachable(
        f"{where} cannot be searched as a whole: {what}; what is missing would count as absent, so nothing was done. "
        "Run this again when `_cluster/health` shows no red index (see ltrr doctor)"
    )
