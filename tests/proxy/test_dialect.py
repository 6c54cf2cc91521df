"""What the dialect takes, what it makes of it, and what it leaves alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.proxy.foreign import NotOurs
from ltrr_opensearch.types import Json, SearchRequest
from tests.proxy.conftest import Read

MATCH = {"match": {"title": "red shoes"}}
PHRASE = {"match_phrase": {"title": {"query": "red shoes", "boost": 3}}}
RED = {"term": {"colour": "red"}}
NEW = {"range": {"year": {"gte": 2020}}}
OLD = {"match": {"condition": "used"}}
NOT_OLD = {"bool": {"must_not": [OLD]}}

TEXTS: list[tuple[str, Json]] = [
    ("match, short", MATCH),
    ("match, long", {"match": {"title": {"query": "red shoes", "operator": "and", "fuzziness": "AUTO"}}}),
    ("match, subfield", {"match": {"title.english": "red shoes"}}),
    ("match, pattern", {"multi_match": {"query": "red shoes", "fields": ["ti*"]}}),
    ("multi_match", {"multi_match": {"query": "red shoes", "fields": ["title^2", "other"], "type": "cross_fields"}}),
    ("multi_match, all fields", {"multi_match": {"query": "red shoes"}}),
    ("match_phrase", PHRASE),
    ("query_string", {"query_string": {"query": "red shoes", "default_field": "title"}}),
    ("query_string, all fields", {"query_string": {"query": "red shoes"}}),
    ("simple_query_string", {"simple_query_string": {"query": "red shoes", "fields": ["body"]}}),
    ("bool must", {"bool": {"must": MATCH}}),
    ("bool must, list", {"bool": {"must": [MATCH]}}),
    ("bool should", {"bool": {"should": [MATCH]}}),
    ("the same words in two fields", {"bool": {"should": [MATCH, {"match": {"body": "red shoes"}}]}}),
    ("the words, and a boost for their phrase", {"bool": {"must": [MATCH], "should": [PHRASE]}}),
    ("a boost by popularity", {"bool": {"must": [MATCH], "should": [{"rank_feature": {"field": "sales"}}]}}),
    ("in several ways", {"dis_max": {"queries": [MATCH, PHRASE], "tie_breaker": 0.3}}),
    ("fields as one", {"combined_fields": {"query": "red shoes", "fields": ["title", "body"]}}),
    ("scored by functions too", {"function_score": {"query": MATCH, "field_value_factor": {"field": "sales"}}}),
    ("less of something", {"boosting": {"positive": MATCH, "negative": RED, "negative_boost": 0.2}}),
    ("nested bool", {"bool": {"must": [{"bool": {"should": [MATCH, PHRASE]}}]}}),
]


@pytest.mark.parametrize("query", [q for _, q in TEXTS], ids=[name for name, _ in TEXTS])
def test_the_text_is_found(read: Read, query: Json) -> None:
    request = read({"query": query})
    assert isinstance(request, SearchRequest)
    assert request.text == "red shoes"
    assert request.filters == ()
    assert request.body == {"query": query}


FILTERS: list[tuple[str, Json, tuple[Json, ...]]] = [
    ("filter", {"must": [MATCH], "filter": [RED, NEW]}, (RED, NEW)),
    ("filter, one", {"must": MATCH, "filter": RED}, (RED,)),
    ("must_not is negated", {"must": MATCH, "must_not": OLD}, (NOT_OLD,)),
    ("several must_not", {"must": MATCH, "must_not": [OLD, RED]}, ({"bool": {"must_not": [OLD, RED]}},)),
    ("what must match besides", {"must": [RED, MATCH, NEW]}, (RED, NEW)),
    ("of a should", {"should": [MATCH], "filter": [RED]}, (RED,)),
    ("of an inner bool", {"must": [{"bool": {"must": [MATCH], "filter": [RED]}}], "filter": NEW}, (RED, NEW)),
    (
        "a bool of alternatives",
        {"must": [MATCH, {"bool": {"should": [RED, NEW]}}]},
        ({"bool": {"should": [RED, NEW]}},),
    ),
    (
        "text in a filter is a filter",
        {"must": MATCH, "filter": {"match": {"body": "sale"}}},
        ({"match": {"body": "sale"}},),
    ),
    ("of a scored query", {"must": {"function_score": {"query": {"bool": {"must": MATCH, "filter": RED}}}}}, (RED,)),
    ("match_all says nothing", {"must": [MATCH, {"match_all": {}}]}, ()),
    (
        "nested documents",
        {"must": MATCH, "filter": {"nested": {"path": "sku", "query": {"term": {"sku.size": 42}}}}},
        ({"nested": {"path": "sku", "query": {"term": {"sku.size": 42}}}},),
    ),
]


@pytest.mark.parametrize(("spec", "filters"), [f[1:] for f in FILTERS], ids=[f[0] for f in FILTERS])
def test_every_condition_becomes_a_filter(read: Read, spec: Json, filters: tuple[Json, ...]) -> None:
    request = read({"query": {"bool": spec}})
    assert isinstance(request, SearchRequest)
    assert request.text == "red shoes"
    assert request.filters == filters


def test_a_post_filter_holds_for_every_plan(read: Read) -> None:
    request = read({"query": {"bool": {"must": MATCH, "filter": NEW}}, "post_filter": RED})
    assert isinstance(request, SearchRequest)
    assert request.filters == (NEW, RED)
    assert request.body["post_filter"] == RED


FOREIGN: list[tuple[str, Json]] = [
    ("malformed_body", []),  # type: ignore[list-item]
    ("no_text", {}),
    ("no_text", {"query": {"match_all": {}}}),
    ("no_text", {"query": RED}),
    ("no_text", {"query": {"bool": {"filter": [MATCH]}}}),
    ("no_text", {"query": {"match": {"title": "  "}}}),
    ("long_text", {"query": {"match": {"title": "x" * 1001}}}),
    ("malformed_query", {"query": None}),
    ("malformed_query", {"query": {"match": "red"}}),
    ("malformed_query", {"query": {"match": {"title": True}}}),
    ("malformed_query", {"query": {"match": {"title": "a", "body": "b"}}}),
    ("malformed_query", {"query": {"bool": {"must": ["red"]}}}),
    ("unknown_option", {"query": {"match": {"title": {"query": "red", "speed": 3}}}}),
    ("unknown_option", {"query": {"bool": {"must": MATCH, "perhaps": RED}}}),
    ("other_field", {"query": {"match": {"supplier": "acme"}}}),
    ("other_field", {"query": {"match": {"title.keyword": "acme"}}}),
    ("query_syntax", {"query": {"query_string": {"query": "red AND shoes"}}}),
    ("query_syntax", {"query": {"query_string": {"query": "red -used"}}}),
    ("query_syntax", {"query": {"query_string": {"query": "colour:red"}}}),
    ("query_syntax", {"query": {"simple_query_string": {"query": "red -used"}}}),
    ("several_texts", {"query": {"bool": {"must": [MATCH, {"match": {"body": "leather"}}]}}}),
    ("several_texts", {"query": {"bool": {"must": [MATCH], "should": [{"match": {"body": "leather"}}]}}}),
    ("minimum_should_match", {"query": {"bool": {"must": MATCH, "should": [RED], "minimum_should_match": 1}}}),
    ("minimum_should_match", {"query": {"bool": {"should": [MATCH, RED], "minimum_should_match": 2}}}),
    ("conditional_filter", {"query": {"bool": {"should": [{"bool": {"must": MATCH, "filter": RED}}, PHRASE]}}}),
    ("unknown_clause", {"query": {"more_like_this": {"like": "red"}}}),
    ("unknown_clause", {"query": {"knn": {"v": {"vector": [1], "k": 3}}}}),
    ("unknown_clause", {"query": {"hybrid": {"queries": [MATCH]}}}),
    ("scored_otherwise", {"query": {"function_score": {"query": MATCH, "boost_mode": "replace"}}}),
    ("scored_otherwise", {"query": {"script_score": {"query": MATCH, "script": "1"}}}),
    ("min_score", {"query": {"function_score": {"query": MATCH, "min_score": 2}}}),
    ("no_text", {"query": {"function_score": {"query": RED}}}),
    ("no_text", {"query": {"dis_max": {"queries": [RED, NEW]}}}),
    ("several_texts", {"query": {"dis_max": {"queries": [MATCH, {"match": {"body": "leather"}}]}}}),
    ("conditional_filter", {"query": {"dis_max": {"queries": [MATCH, RED]}}}),
    ("unknown_clause", {"query": {"bool": {"must": MATCH, "filter": {"script": {"script": "true"}}}}}),
    ("inner_hits", {"query": {"bool": {"must": MATCH, "filter": {"nested": {"inner_hits": {}, "query": RED}}}}}),
    ("sort", {"query": MATCH, "sort": ["price"]}),
    ("sort", {"query": MATCH, "sort": [{"_score": "asc"}]}),
    ("search_after", {"query": MATCH, "search_after": [1]}),
    ("pit", {"query": MATCH, "pit": {"id": "x"}}),
    ("terminate_after", {"query": MATCH, "terminate_after": False}),
    ("slice", {"query": MATCH, "slice": {"id": 0, "max": 2}}),
    ("min_score", {"query": MATCH, "min_score": 1}),
    ("rescore", {"query": MATCH, "rescore": {}}),
    ("terminate_after", {"query": MATCH, "terminate_after": 10}),
    ("collapse", {"query": MATCH, "collapse": {}}),
    ("collapse", {"query": MATCH, "collapse": {"field": 7}}),
    ("inner_hits", {"query": MATCH, "collapse": {"field": "brand", "inner_hits": {"name": "more"}}}),
    ("profile", {"query": MATCH, "profile": True}),
    ("search_pipeline", {"query": MATCH, "search_pipeline": "rrf"}),
    ("unknown_key", {"query": MATCH, "tomorrow": 1}),
    ("no_stored_fields", {"query": MATCH, "stored_fields": "_none_"}),
    ("no_hits_wanted", {"query": MATCH, "size": 0}),
    ("malformed_page", {"query": MATCH, "size": -1}),
    ("malformed_page", {"query": MATCH, "from": 2**31 - 5, "size": 10}),
    ("malformed_page", {"query": MATCH, "from": "10"}),
    ("malformed_page", {"query": MATCH, "size": True}),
    ("other_ext", {"query": MATCH, "ext": {"rerank": {}}}),
    ("ext_ltrr", {"query": MATCH, "ext": {"ltrr": {"quary": "red"}}}),
    ("ext_ltrr", {"query": MATCH, "ext": {"ltrr": {"explore": "no"}}}),
    ("ext_ltrr", {"query": MATCH, "ext": {"ltrr": {"context": {"user": 7}}}}),
    ("ext_ltrr", {"query": MATCH, "ext": {"ltrr": {"query": " "}}}),
    ("ext_ubi", {"query": MATCH, "ext": {"ubi": {"query_id": "a b"}}}),
    ("ext_ubi", {"query": MATCH, "ext": {"ubi": {"query_id": "q" * 101}}}),
    ("ext_ltrr", {"query": MATCH, "ext": {"ltrr": {"parent_query_id": "q" * 101}}}),
    ("ext_ubi", {"query": MATCH, "ext": {"ubi": []}}),
    ("off", {"query": MATCH, "ext": {"ltrr": {"off": True}}}),
]


@pytest.mark.parametrize(("reason", "body"), FOREIGN)
def test_what_is_not_known_in_every_part_is_not_ours(read: Read, reason: str, body: Json) -> None:
    assert read(body) == NotOurs(reason)


def test_what_says_nothing_does_not_matter(read: Read) -> None:
    request = read(
        {"query": MATCH, "profile": False, "terminate_after": 0, "sort": ["_score", {"_score": {"order": "desc"}}]}
    )
    assert isinstance(request, SearchRequest)
    assert request.body == {"query": MATCH}


@pytest.mark.parametrize(
    "extra",
    [
        {"aggs": {"brands": {"terms": {"field": "brand"}}}},
        {"highlight": {"fields": {"title": {}}}},
        {"_source": ["title"]},
        {"fields": ["title"]},
        {"track_total_hits": False},
        {"explain": False},
        {"suggest": {"s": {"text": "red", "term": {"field": "title"}}}},
        {"size": 20, "from": 40},
        {"timeout": "100ms"},
        {"collapse": {"field": "brand"}},
    ],
)
def test_what_is_served_stays_in_the_body(read: Read, extra: Json) -> None:
    request = read({"query": MATCH, **extra})
    assert isinstance(request, SearchRequest)
    assert request.body == {"query": MATCH, **extra}
    assert (request.size, request.offset) == (extra.get("size", 10), extra.get("from", 0))


_WORDS = st.sampled_from(
    [
        *("query", "bool", "must", "should", "filter", "must_not", "match", "multi_match", "query_string", "term"),
        *("nested", "ext", "ltrr", "ubi", "context", "size", "from", "sort", "post_filter", "title", "fields"),
        *("constant_score", "dis_max", "queries", "stored_fields", "minimum_should_match", "function_score"),
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(body=_JSON, query=st.text(max_size=20))
def test_any_json_is_read_without_an_exception(read: Read, body: object, query: str) -> None:
    assert isinstance(read(body, query), SearchRequest | NotOurs)


@given(
    st.dictionaries(
        st.sampled_from(["must", "should", "filter", "must_not"]),
        st.lists(st.sampled_from([MATCH, PHRASE, RED, NEW, OLD]), max_size=3),
    )
)
def test_no_condition_is_ever_lost(read: Read, spec: Json) -> None:
    request = read({"query": {"bool": spec}})
    if isinstance(request, SearchRequest):
        assert all(f in request.filters for f in spec.get("filter", []))
        assert all(c in request.filters for c in spec.get("must", []) if c in (RED, NEW))
        assert bool(spec.get("must_not")) == any("must_not" in f.get("bool", {}) for f in request.filters)


def test_nesting_without_end_is_not_followed(read: Read) -> None:
    query: Json = MATCH
    for _ in range(500):
        query = {"bool": {"must": [query]}}
    assert read({"query": query}) == NotOurs("too_deep")
