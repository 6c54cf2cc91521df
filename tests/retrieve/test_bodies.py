from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.retrieve import bodies, page_bodies
from ltrr_opensearch.types import Asker, DocKey, SearchRequest

IN_STOCK = {"term": {"in_stock": True}}
REQUEST = SearchRequest(
    query_id="q",
    target="products",
    text="laptop",
    body={
        "query": {"bool": {"must": [{"match": {"title": "laptop"}}], "filter": [IN_STOCK]}},
        "from": 20,
        "size": 10,
        "_source": ["title"],
        "highlight": {"fields": {"title": {}}},
        "aggs": {"brands": {"terms": {"field": "brand"}}},
        "timeout": "2s",
    },
    params=(("routing", "eu"), ("from", "20"), ("typed_keys", "true")),
    headers=(),
    filters=(IN_STOCK,),
    size=10,
    offset=20,
    asker=Asker(),
    ubi=None,
    at=datetime(2026, 1, 1, tzinfo=UTC),
)
HIDDEN = ("ltrr_embedding",)
KEY = DocKey("products", "1")
TITLED = {"title": "red laptop", "price": 7, "ltrr_embedding": [0.5]}


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> str:
    client.indices.create(
        index=index_name, body={"mappings": {"properties": {"price": {"type": "integer", "store": True}}}}
    )
    client.index(index=index_name, id="1", body=TITLED, params={"refresh": "true"})
    return index_name


ONE = DocKey("products", "1")


def test_the_original_is_the_clients_body_from_its_first_hit() -> None:
    body = bodies.original_body(REQUEST, 50, HIDDEN)
    assert body == REQUEST.body | {"from": 0, "size": 50}


def test_every_plan_carries_the_filters_and_asks_for_ids_only() -> None:
    body = bodies.plan_body(REQUEST, {"match_all": {}}, 50)
    assert body["query"] == {"bool": {"must": [{"match_all": {}}], "filter": [IN_STOCK]}}
    assert (body["_source"], body["size"], body["timeout"], "aggs" in body) == (False, 50, "2s", False)


def test_ids_may_come_from_a_field_that_repeats_them() -> None:
    body = bodies.plan_body(REQUEST, {"match_all": {}}, 50, "sku")
    assert (body["stored_fields"], body["docvalue_fields"], "_source" in body) == ("_none_", ["sku"], False)


def test_winners_are_fetched_under_the_filters_in_the_clients_form() -> None:
    body = bodies.winners_body(REQUEST, [ONE, DocKey("products", "2")], HIDDEN)
    assert body["query"] == {"bool": {"filter": [{"ids": {"values": ["1", "2"]}}, IN_STOCK]}}
    assert body["_source"] == ["title"]
    assert body["highlight"] == {"highlight_query": REQUEST.body["query"], "fields": {"title": {}}}
    assert "aggs" not in body


@pytest.mark.parametrize("names", [{"bool": {"must": [{"match": {"title": {"query": "laptop", "_name": "t"}}}]}}, {}])
def test_winners_tell_which_named_parts_of_the_query_they_match(names: Any) -> None:
    query = names or REQUEST.body["query"]
    body = bodies.winners_body(replace(REQUEST, body={"query": query}), [ONE], HIDDEN)
    assert body["query"]["bool"].get("should") == ([query] if names else None)


FORMS: tuple[dict[str, Any], ...] = (
    {},
    {"stored_fields": []},
    {"stored_fields": ["price"]},
    {"stored_fields": "price"},
    {"stored_fields": ["_source"]},
    {"stored_fields": ["price"], "_source": True},
    {"stored_fields": ["price"], "_source": ["title"]},
    {"script_fields": {}},
    {"script_fields": {"one": {"script": "1"}}},
    {"script_fields": {"one": {"script": "1"}}, "_source": {"excludes": ["price"]}},
)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_hits_have_the_form_of_the_straight_answer(client: OpenSearch, shop: str, form: dict[str, Any]) -> None:
    query = {"match": {"title": {"query": "laptop", "_name": "in title"}}}
    request = replace(REQUEST, body={"query": query, **form}, filters=())
    [straight] = client.search(index=shop, body=request.body)["hits"]["hits"]
    straight.get("_source", {}).pop("ltrr_embedding", None)
    assert straight["matched_queries"] == ["in title"]
    for body in (bodies.original_body(request, 1, HIDDEN), bodies.winners_body(request, [ONE], HIDDEN)):
        [hit] = client.search(index=shop, body=body)["hits"]["hits"]
        assert hit | {"_score": 0} == straight | {"_score": 0}


def test_where_to_search_reaches_every_plan_and_the_shape_only_the_original() -> None:
    assert bodies.plan_params(REQUEST, "p") == {"preference": "p", "routing": "eu"}
    assert bodies.original_params(REQUEST, "p") == {"routing": "eu", "typed_keys": "true", "preference": "p"}
    own = replace(REQUEST, params=(("preference", "_local"),))
    assert bodies.plan_params(own, "p") == bodies.original_params(own, "p") == {"preference": "_local"}


def test_a_point_in_time_is_searched_by_every_request_and_by_no_name() -> None:
    pit = {"id": "x", "keep_alive": "1m"}
    request = replace(REQUEST, body=REQUEST.body | {"pit": pit}, params=(("request_cache", "true"),))
    for body in (
        bodies.original_body(request, 10, ()),
        bodies.plan_body(request, {"match_all": {}}, 10),
        bodies.winners_body(request, [ONE], ()),
        bodies.features_body(request, [ONE]),
        page_bodies.rest_body(request, [KEY]),
        page_bodies.following_body(request, [KEY], 5),
        page_bodies.present_body(request, [KEY]),
        page_bodies.matching_body(request, [KEY]),
    ):
        assert body["pit"] == pit
    assert (bodies.search_path(request), bodies.search_path(REQUEST)) == ("/_search", "/products/_search")
    assert bodies.plan_params(request, "p") == bodies.original_params(request, "p") == {"request_cache": "true"}


def test_plans_and_winners_are_collapsed_but_features_are_not() -> None:
    """OpenSearch refuses `collapse` beside the `rescore` that logs features."""
    request = replace(REQUEST, body=REQUEST.body | {"collapse": {"field": "brand"}})
    assert bodies.plan_body(request, {"match_all": {}}, 10)["collapse"] == {"field": "brand"}
    assert bodies.winners_body(request, [ONE], ())["collapse"] == {"field": "brand"}
    assert "collapse" not in bodies.features_body(request, [ONE])


def test_what_hits_are_to_tell_is_asked_of_winners_alone() -> None:
    named = replace(REQUEST, params=(("include_named_queries_score", "true"),))
    assert bodies.winners_params(named, "p") == {"preference": "p", "include_named_queries_score": "true"}
    assert bodies.plan_params(named, "p") == {"preference": "p"}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (True, {"excludes": ["ltrr_embedding"]}),
        (False, False),
        ({"excludes": "price"}, {"excludes": ["price", "ltrr_embedding"]}),
        ({"excludes": ["a", "b"]}, {"excludes": ["a", "b", "ltrr_embedding"]}),
        ({"includes": ["title"]}, {"includes": ["title"]}),
        ({"includes": "*", "excludes": "b*"}, {"includes": ["*"], "excludes": ["b*", "ltrr_embedding"]}),
        (["t*"], {"includes": ["t*"], "excludes": ["ltrr_embedding"]}),
        (["*", "ltrr_embedding"], ["*", "ltrr_embedding"]),
        ("title", "title"),
        (["ltrr_embedding"], ["ltrr_embedding"]),
    ],
)
def test_our_vector_stays_out_of_a_source_unless_it_was_named(asked: Any, sent: Any) -> None:
    assert bodies.source_without(asked, HIDDEN) == sent
    assert bodies.source_without(asked, ()) == asked


def test_a_plan_of_at_most_a_page_brings_documents_in_the_clients_form() -> None:
    plain = replace(REQUEST, body={k: v for k, v in REQUEST.body.items() if k != "highlight"})
    assert bodies.brings_documents(plain, plain.size)
    assert not bodies.brings_documents(plain, plain.size + 1)
    body = bodies.documents_body(plain, {"match": {"title": "bag"}}, plain.size, ["ltrr_embedding"])
    assert body["_source"] == plain.body["_source"]
    assert body["query"]["bool"]["filter"] == list(plain.filters)
    assert body["size"] == plain.size
    assert "stored_fields" not in body


@pytest.mark.parametrize(
    "asked",
    [
        {"highlight": {"fields": {"title": {}}}},
        {"explain": True},
        {"script_fields": {"x": {"script": "1"}}},
        {"query": {"match": {"title": {"query": "bag", "_name": "mine"}}}},
    ],
)
def test_what_a_hit_tells_of_the_clients_own_query_no_other_plan_can_bring(asked: Any) -> None:
    plain = {k: v for k, v in REQUEST.body.items() if k != "highlight"}
    assert not bodies.brings_documents(replace(REQUEST, body=plain | asked), 1)
