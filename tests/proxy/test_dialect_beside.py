"""What comes beside the query: URL parameters, `ext`, headers, the index expression."""

from __future__ import annotations

import pytest

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.proxy.foreign import NotOurs
from ltrr_opensearch.settings import ServeSettings, Settings
from ltrr_opensearch.types import Asker, Json, SearchRequest, UbiRequest
from tests.proxy.conftest import SHOP, Read

MATCH = {"match": {"title": "red shoes"}}
RED = {"term": {"colour": "red"}}
OLD = {"match": {"condition": "used"}}


PARAMETERS: list[tuple[str, Json, tuple[tuple[str, str], ...]]] = [
    ("size=3&from=6", {"size": 3, "from": 6}, ()),
    ("preference=me&routing=a,b", {}, (("preference", "me"), ("routing", "a,b"))),
    ("track_total_hits=100", {"track_total_hits": 100}, ()),
    ("_source=false", {"_source": False}, ()),
    ("_source=title,body", {"_source": ["title", "body"]}, ()),
    ("_source_includes=a*&_source_excludes=ab", {"_source": {"includes": ["a*"], "excludes": ["ab"]}}, ()),
    ("pretty&filter_path=hits.hits", {}, ()),
    ("rest_total_hits_as_int=true", {"track_total_hits": True}, ()),
    ("typed_keys", {}, (("typed_keys", ""),)),
    ("timeout=1s&explain=true", {"timeout": "1s", "explain": True}, ()),
]


@pytest.mark.parametrize(("query", "body", "params"), PARAMETERS)
def test_parameters_are_folded_or_kept(read: Read, query: str, body: Json, params: tuple[tuple[str, str], ...]) -> None:
    request = read({"query": MATCH}, query)
    assert isinstance(request, SearchRequest)
    assert request.body == {"query": MATCH, **body}
    assert request.params == params


def test_q_is_a_query_string(read: Read) -> None:
    request = read({}, "q=red+shoes&df=title&default_operator=AND&lenient")
    assert isinstance(request, SearchRequest)
    options = {"default_field": "title", "default_operator": "AND", "lenient": True}
    assert request.body == {"query": {"query_string": {"query": "red shoes", **options}}}
    assert request.text == "red shoes"


@pytest.mark.parametrize(
    ("reason", "query"),
    [
        ("query_syntax", "q=colour:red"),
        ("two_queries", "q=red"),
        ("scroll", "scroll=1m"),
        ("sort", "sort=price"),
        ("search_pipeline", "search_pipeline=rrf"),
        ("source_parameter", "source={}"),
        ("unknown_parameter", "tomorrow=1"),
        ("unknown_parameter", "df=title"),
        ("repeated_parameter", "size=1&size=2"),
        ("malformed_parameter", "size=ten"),
        ("malformed_parameter", "size=%C2%B2"),
        ("malformed_parameter", "track_scores=perhaps"),
        ("bounded_total", "rest_total_hits_as_int=true&track_total_hits=10"),
    ],
)
def test_parameters_that_pass_through(read: Read, reason: str, query: str) -> None:
    body = {} if reason == "query_syntax" else {"query": MATCH}
    assert read(body, query) == NotOurs(reason)


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        (None, ()),
        ({"bool": {"filter": [RED], "must_not": OLD}}, ({"bool": {"filter": [RED], "must_not": OLD}},)),
        ({"bool": {"must": [MATCH, {"match": {"body": "leather"}}], "filter": RED}}, (RED,)),
        ({"function_score": {"query": {"bool": {"must": MATCH, "filter": RED}}}}, (RED,)),
        ({"script_score": {"query": MATCH, "script": "1"}}, ()),
        ({"match": {"supplier": "acme"}}, ()),
    ],
)
def test_with_an_explicit_text_only_the_filters_are_read(
    read: Read, query: Json | None, filters: tuple[Json, ...]
) -> None:
    body: Json = {"ext": {"ltrr": {"query": "boots"}}}
    request = read(body | ({"query": query} if query else {}))
    assert isinstance(request, SearchRequest)
    assert request.text == "boots"
    assert request.filters == filters
    assert "ext" not in request.body


@pytest.mark.parametrize(
    "query", [{"hybrid": {"queries": [MATCH]}}, {"function_score": {"query": MATCH, "min_score": 2}}]
)
def test_an_explicit_text_does_not_help_where_filters_may_hide(read: Read, query: Json) -> None:
    assert isinstance(read({"query": query, "ext": {"ltrr": {"query": "boots"}}}), NotOurs)


def test_who_asks_comes_from_the_body_then_from_headers(read: Read) -> None:
    ext = {
        "ltrr": {"context": {"user": "u1", "device": "phone"}, "explore": False, "explain": True},
        "ubi": {"query_id": "q1", "client_id": "c1", "application": "web", "user_query": "Red Shoes", "extra": 1},
    }
    headers = ((b"x-ltrr-user", b"u2"), (b"X-LTRR-Session", b"s2"), (b"x-ltrr-locale", "de-Ö".encode()))
    request = read({"query": MATCH, "ext": ext}, "", headers)
    assert isinstance(request, SearchRequest)
    asker = request.asker
    assert (asker.user, asker.session, asker.device, asker.locale) == ("u1", "s2", "phone", "de-Ö")
    assert (asker.client, asker.application, asker.explore) == ("c1", "web", False)
    assert request.query_id == "q1"
    assert request.explain
    assert request.ubi == UbiRequest(query_id="q1", user_query="Red Shoes", client_id="c1", application="web")


def test_headers_of_the_context_are_a_setting(read: Read) -> None:
    serve = ServeSettings(context_headers={"user": "X-Account"})
    request = read(
        {"query": MATCH},
        "",
        ((b"x-account", b"7"), (b"x-ltrr-user", b"8")),
        "shop",
        SHOP.model_copy(update={"serve": serve}),
    )
    assert isinstance(request, SearchRequest)
    assert request.asker.user == "7"


@pytest.mark.parametrize(
    ("value", "explores"),
    [(b"false", False), (b" FALSE ", False), (b"0", False), (b"", False), (b"true", True), (b"True", True)],
)
def test_a_header_keeps_a_search_from_exploring(read: Read, value: bytes, explores: bool) -> None:
    assert asker_of(read, {}, ((b"x-ltrr-explore", value),)).explore == explores
    assert not asker_of(read, {"ltrr": {"explore": False}}, ((b"x-ltrr-explore", value),)).explore
    assert not asker_of(read, {}, ((b"x-ltrr-explore", b"false"), (b"X-LTRR-Explore", value))).explore
    renamed = SHOP.model_copy(update={"serve": ServeSettings(explore_header="X-Experiments")})
    assert asker_of(read, {}, ((b"x-ltrr-explore", value),), renamed).explore
    assert asker_of(read, {}, ((b"x-experiments", value),), renamed).explore == explores


@pytest.mark.parametrize(
    ("ext", "headers", "explores"),
    [
        ({}, (), True),
        ({}, ((b"user-agent", b"web"),), True),
        ({}, ((b"user-agent", b"admin"),), False),
        ({"ubi": {"application": "admin"}}, ((b"user-agent", b"web"),), False),
        ({"ubi": {"application": "web"}}, ((b"user-agent", b"admin"),), True),
        ({"ltrr": {"context": {"application": "admin"}}}, (), False),
        ({"ltrr": {"context": {"segment": "staff"}}}, (), False),
        ({"ubi": {"client_id": "monitor"}}, (), False),
        ({"ltrr": {"context": {"user": "staff"}}}, (), True),
    ],
)
def test_callers_that_never_explore_are_a_setting(
    read: Read, ext: Json, headers: tuple[tuple[bytes, bytes], ...], explores: bool
) -> None:
    serve = ServeSettings(
        context_headers={"application": "User-Agent"},
        never_explore={"application": ("admin", "reports"), "segment": ("staff",), "client": ("monitor",)},
    )
    assert asker_of(read, ext, headers, SHOP.model_copy(update={"serve": serve})).explore == explores


def asker_of(read: Read, ext: Json, headers: tuple[tuple[bytes, bytes], ...], settings: Settings = SHOP) -> Asker:
    request = read({"query": MATCH, "ext": ext}, "", headers, "shop", settings)
    assert isinstance(request, SearchRequest)
    return request.asker


def test_identity_and_tracing_reach_every_plan_but_not_the_form_of_the_body(read: Read) -> None:
    headers = (
        (b"host", b"proxy"),
        (b"authorization", b"Basic eA=="),
        (b"x-opaque-id", b"7"),
        (b"content-length", b"12"),
        (b"content-type", b"application/json"),
        (b"accept-encoding", b"gzip"),
        (b"connection", b"close"),
    )
    request = read({"query": MATCH}, "", headers)
    assert isinstance(request, SearchRequest)
    assert request.headers == ((b"authorization", b"Basic eA=="), (b"x-opaque-id", b"7"))


def test_a_signed_request_is_not_rewritten(read: Read) -> None:
    assert read({"query": MATCH}, "", ((b"authorization", b"AWS4-HMAC-SHA256 x"),)) == NotOurs("signed")


PATTERNS = Settings(
    indexes={"shop*": IndexSettings(text_fields={"title": 1}), "news": IndexSettings(text_fields={"title": 1})}
)


@pytest.mark.parametrize(
    ("target", "ours"),
    [
        ("shop", True),
        ("shop-2026", True),
        ("shop%2D2026", True),
        ("shop-1,shop-2", True),
        ("shop-1,news", False),
        ("shop-1,secret", False),
        ("shop*,-shop-2", True),
        ("_all", False),
        ("other", False),
        ("news,", False),
    ],
)
def test_an_index_expression_is_ours_only_as_a_whole(read: Read, target: str, ours: bool) -> None:
    assert isinstance(read({"query": MATCH}, "", (), target, PATTERNS), SearchRequest) is ours
