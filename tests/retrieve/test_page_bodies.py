from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ltrr_opensearch.retrieve import bodies, page_bodies
from ltrr_opensearch.types import Asker, DocKey, SearchRequest

QUERY = {"match": {"title": "laptop"}}
STOCK = {"term": {"stock": 1}}
REQUEST = SearchRequest(
    query_id="q",
    target="shop",
    text="laptop",
    body={
        "query": QUERY,
        "post_filter": STOCK,
        "size": 10,
        "from": 30,
        "aggs": {"brands": {"terms": {"field": "brand"}}},
        "highlight": {"fields": {"title": {}}},
        "track_total_hits": 50,
    },
    params=(),
    headers=(),
    filters=(STOCK,),
    size=10,
    offset=30,
    asker=Asker(),
    ubi=None,
    at=datetime(2026, 1, 1, tzinfo=UTC),
)
SETTLED = [DocKey("shop", "1"), DocKey("shop", "2")]


def outside(body: dict[str, Any]) -> Any:
    return body["post_filter"]["bool"]


def test_the_rest_is_counted_and_aggregated_as_the_client_asked_and_ends_where_the_page_ends() -> None:
    body = page_bodies.rest_body(REQUEST, SETTLED)
    assert (body["from"], body["size"]) == (40, 0)
    assert (body["query"], body["aggs"], body["track_total_hits"]) == (QUERY, REQUEST.body["aggs"], 50)
    assert outside(body) == {"filter": [STOCK], "must_not": [{"ids": {"values": ["1", "2"]}}]}
    assert "highlight" not in body


def test_what_follows_is_read_as_ids_only() -> None:
    body = page_bodies.following_body(REQUEST, SETTLED, 90)
    assert (body["from"], body["size"], body["_source"], body["track_total_hits"]) == (0, 90, False, False)
    assert outside(body)["must_not"] == [{"ids": {"values": ["1", "2"]}}]
    assert not body.keys() & {"aggs", "highlight"}


def test_behind_what_is_settled_hits_have_the_clients_form() -> None:
    body = page_bodies.behind_body(REQUEST, SETTLED, ["ltrr_embedding"])
    assert (body["from"], body["size"], body["highlight"]) == (28, 10, REQUEST.body["highlight"])
    assert body["_source"] == {"excludes": ["ltrr_embedding"]}
    assert "aggs" not in body


def test_of_several_indexes_a_document_is_named_with_its_own() -> None:
    keys = [DocKey("shop-a", "1"), DocKey("shop-b", "1"), DocKey("shop-a", "2")]
    assert bodies.exactly(keys, "shop-*") == {
        "bool": {
            "should": [
                {"bool": {"filter": [{"term": {"_index": "shop-a"}}, {"ids": {"values": ["1", "2"]}}]}},
                {"bool": {"filter": [{"term": {"_index": "shop-b"}}, {"ids": {"values": ["1"]}}]}},
            ]
        }
    }


def test_nothing_settled_leaves_nothing_out() -> None:
    assert page_bodies.rest_body(replace(REQUEST, body={"query": QUERY}), []) == {"query": QUERY, "from": 40, "size": 0}
