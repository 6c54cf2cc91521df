"""Searches that combine what the scenarios show one by one: text, filters, and anything beside them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ltrr_opensearch.types import Json
from tests.parity.scenario import Scenario

TEXTS = st.sampled_from(["red shoes", "steel lamp", "crimson trainers", "laptop", "blue cotton jacket holidays"])
FILTERS = st.sampled_from(
    [
        {"term": {"in_stock": True}},
        {"range": {"price": {"lt": 120}}},
        {"terms": {"brand": ["Acme", "Stark", "Hooli"]}},
        {"nested": {"path": "variants", "query": {"term": {"variants.size": 37}}}},
        {"bool": {"must_not": [{"term": {"colour": "green"}}]}},
        {"term": {"category": {"value": "shoes", "_name": "kind"}}},
    ]
)
BESIDE: dict[str, st.SearchStrategy[Any]] = {
    "size": st.sampled_from([1, 3, 5, 20, 50]),
    "from": st.sampled_from([1, 5, 10, 33, 100]),
    "track_total_hits": st.sampled_from([True, False, 3, 50, 10_000]),
    "aggs": st.just({"brands": {"terms": {"field": "brand"}}, "mean": {"avg": {"field": "price"}}}),
    "highlight": st.sampled_from([{"fields": {"title": {}}}, {"fields": {"*": {}}, "require_field_match": False}]),
    "_source": st.sampled_from([True, False, "brand", ["title", "var*"], {"excludes": ["embedding"]}]),
    "fields": st.just(["title", "released"]),
    "docvalue_fields": st.just(["price"]),
    "stored_fields": st.just(["colour"]),
    "script_fields": st.just({"twice": {"script": "doc['price'].value * 2"}}),
    "version": st.booleans(),
    "explain": st.booleans(),
    "collapse": st.sampled_from([{"field": "brand"}, {"field": "stock"}, {"field": "category"}]),
    "suggest": st.just({"spelling": {"text": "sheos", "term": {"field": "title"}}}),
    "post_filter": FILTERS,
}
URLS = st.sampled_from(
    ["", "", "typed_keys", "include_named_queries_score=true", "search_type=dfs_query_then_fetch", "routing=3"]
)
INDEXES = st.sampled_from(["{shop}", "{deals}", "{patterned}", "{strict}", "{shop},{outlet}", "{news}"])


def text_queries(text: str) -> st.SearchStrategy[Json]:
    both = ["title^2", "description"]
    return st.sampled_from(
        [
            {"match": {"title": {"query": text, "_name": "text"}}},
            {"multi_match": {"query": text, "fields": both, "type": "cross_fields", "operator": "and"}},
            {"query_string": {"query": text, "default_field": "title"}},
            {"dis_max": {"queries": [{"match": {"title": text}}, {"match": {"description": text}}]}},
            {"function_score": {"query": {"match": {"title": text}}, "functions": [{"weight": 3}]}},
            {"bool": {"should": [{"match": {"title": text}}, {"match_phrase": {"description": text}}]}},
        ]
    )


@st.composite
def searches(draw: st.DrawFn) -> Scenario:
    query = draw(TEXTS.flatmap(text_queries))
    filters = draw(st.lists(FILTERS, max_size=2))
    ruled_out = draw(st.lists(FILTERS, max_size=1))
    if filters or ruled_out:
        query = {"bool": {"must": [query], "filter": filters, "must_not": ruled_out}}
    beside = draw(st.fixed_dictionaries({}, optional=BESIDE))
    index = draw(INDEXES)
    held = [*filters, {"bool": {"must_not": ruled_out}}, beside.get("post_filter", {"match_all": {}})]
    allow = ["took", "order", "score", "explanation", "named_scores"]
    allow += ["one_each"] if "collapse" in beside else []
    allow += ["total", "filled"] if index != "{strict}" else []
    return Scenario(
        id="combined",
        row="",
        engine="engages",
        search={"query": query, **beside},
        url=draw(URLS),
        index=index,
        allow=allow,
        holds={"bool": {"filter": held}},
    )
