"""The search endpoints over real sockets, with a double behind the engine's protocol."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.proxy.msearch import MultiSearchEndpoint
from ltrr_opensearch.settings import ClusterSettings, ServeSettings, Settings
from ltrr_opensearch.types import Answer, Json, SearchRequest
from tests.proxy.listening import Listening, call, listening

MATCH = {"match": {"title": "red"}}
PAD = "x" * 300


def page(text: str) -> Json:
    hit = {"_index": "shop", "_id": "1", "_score": 1.0, "_source": {"title": text, "pad": PAD}}
    total = {"value": 7, "relation": "eq"}
    return {"took": 3, "timed_out": False, "hits": {"total": total, "max_score": 1.0, "hits": [hit]}}


def engine(request: SearchRequest) -> Answer | None:
    if request.text == "none":
        return None
    if request.text == "refused":
        body = {"error": {"type": "x", "reason": "y"}, "status": 400}
        return Answer(400, ((b"content-type", b"application/json"),), orjson.dumps(body))
    headers = ((b"content-type", b"application/json; charset=UTF-8"), (b"x-ltrr", request.query_id.encode()))
    return Answer(200, headers, orjson.dumps(page(request.text)))


@pytest.fixture(scope="module")
def proxy(node: Any) -> Iterator[Listening]:
    # no such index is there: an answer of 404 is the cluster's, of 200 is ours
    settings = Settings(
        cluster=ClusterSettings(url=node.url),
        serve=ServeSettings(max_search_kb=4),
        indexes={"test_shop": IndexSettings(text_fields={"title": 1.0})},
    )
    with listening(settings, engine) as running:
        yield running


@pytest.fixture(autouse=True)
def _forget(proxy: Listening) -> None:
    proxy.searched.clear()


def post(proxy: Listening, body: object, query: str = "", **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(proxy.url, "POST", f"/test_shop/_search{query}", orjson.dumps(body), sent)


def test_a_search_that_is_ours_is_answered_by_the_engine(proxy: Listening) -> None:
    got = post(proxy, {"query": MATCH, "ext": {"ubi": {"query_id": "q1"}}})
    assert (got.status, got.json, got.headers["x-ltrr"]) == (200, page("red"), "q1")
    assert got.headers["content-length"] == str(len(got.body))


def test_a_url_search_is_ours(proxy: Listening) -> None:
    assert call(proxy.url, "GET", "/test_shop/_search?q=red&size=3").json == page("red")
    assert proxy.searched[0].size == 3


@pytest.mark.parametrize(
    ("reason", "body", "query", "headers"),
    [
        ("off", {"query": MATCH}, "", {"x_ltrr": "OFF"}),
        ("off", {"query": MATCH, "ext": {"ltrr": {"off": True}}}, "", {}),
        ("sort", {"query": MATCH, "sort": ["price"]}, "", {}),
        ("large_body", {"query": MATCH, "pad": "x" * 5000}, "", {}),
        ("engine", {"query": {"match": {"title": "none"}}}, "", {}),
        ("malformed_parameter", {"query": MATCH}, "?pretty=perhaps", {}),
        ("accept", {"query": MATCH}, "", {"accept": "application/cbor"}),
        ("content_type", {"query": MATCH}, "", {"content_type": "application/smile"}),
    ],
)
def test_what_is_not_ours_is_counted_by_reason(
    proxy: Listening, reason: str, body: Json, query: str, headers: dict[str, str]
) -> None:
    before = proxy.metrics.value("ltrr_passthrough_total", reason=reason)
    assert post(proxy, body, query, **headers).status != 200
    assert proxy.metrics.value("ltrr_passthrough_total", reason=reason) == before + 1


def test_an_error_of_the_clients_own_query_is_the_answer(proxy: Listening) -> None:
    got = post(proxy, {"query": {"match": {"title": "refused"}}})
    assert (got.status, got.json["status"]) == (400, 400)


def test_the_answer_has_the_form_that_was_asked_for(proxy: Listening) -> None:
    query = "?rest_total_hits_as_int=true&filter_path=hits.total,hits.hits._id&pretty"
    got = post(proxy, {"query": MATCH}, query)
    assert got.body.startswith(b'{\n  "hits" : {\n    "total" : 7,')
    assert got.json == {"hits": {"total": 7, "hits": [{"_id": "1"}]}}


def test_the_answer_is_compressed_for_who_accepts_it(proxy: Listening) -> None:
    got = post(proxy, {"query": MATCH}, accept_encoding="br, gzip;q=0.8")
    assert got.headers["content-encoding"] == "gzip"
    assert orjson.loads(gzip.decompress(got.body)) == page("red")
    assert "content-encoding" not in post(proxy, {"query": MATCH}, accept_encoding="gzip;q=0").headers


def lines(*contents: object) -> bytes:
    return b"".join(orjson.dumps(content) + b"\n" for content in contents)


def msearch(proxy: Listening, body: bytes, target: str = "/_msearch") -> Any:
    return call(proxy.url, "POST", target, body, {"content-type": "application/x-ndjson"})


def test_each_search_of_an_msearch_goes_its_own_way(proxy: Listening) -> None:
    ours, red = {"index": "test_shop"}, {"query": MATCH}
    got = msearch(
        proxy,
        lines(
            *({"index": "test_absent"}, {"query": {"match_all": {}}}),
            *(ours | {"preference": "me", "allow_no_indices": True}, {**red, "ext": {"ubi": {"query_id": "q2"}}}),
            *({"index": "test_absent*"}, {"query": {"match_all": {}}}),
            *(ours, {"query": {"match": {"title": "none"}}}),
            *(ours, {"query": {"match": {"title": "refused"}}}),
            *(ours, {"query": MATCH, "ext": {"ltrr": {"off": True}}}),
            *({"index": ["test_shop"]}, {"query": {"match": {"title": "blue"}}, "ext": {"ubi": {"query_id": "q7"}}}),
        ),
    )
    assert got.status == 200
    assert [r["status"] for r in got.json["responses"]] == [404, 200, 200, 404, 400, 404, 200]
    assert got.json["responses"][1] == {**page("red"), "status": 200}
    assert got.json["responses"][6]["hits"]["hits"][0]["_source"]["title"] == "blue"
    assert got.headers["x-ltrr"] == "q2, q7"
    by_text = {request.text: request for request in proxy.searched}
    assert by_text["red"].params == (("preference", "me"), ("allow_no_indices", "true"))


def test_the_index_of_the_path_holds_where_a_line_names_none(proxy: Listening) -> None:
    got = msearch(proxy, lines({}, {"query": MATCH}), "/test_shop/_msearch?pretty")
    assert [r["hits"]["total"]["value"] for r in got.json["responses"]] == [7]
    assert b'"took" : 3' in got.body
    got = msearch(proxy, lines({}, {"query": MATCH}) + b"\n" + lines({"query": MATCH}), "/test_shop/_msearch")
    assert [r["hits"]["total"]["value"] for r in got.json["responses"]] == [7, 7]


def test_an_msearch_without_anything_of_ours_passes_as_it_came(proxy: Listening) -> None:
    before = proxy.metrics.value("ltrr_passthrough_total", reason="nothing_ours")
    got = msearch(proxy, lines({"index": "test_absent"}, {"query": MATCH}))
    assert [r["status"] for r in got.json["responses"]] == [404]
    assert proxy.metrics.value("ltrr_passthrough_total", reason="nothing_ours") == before + 1


@pytest.mark.parametrize("header", [{"routing": None}, {"preference": {"a": 1}}, {"routing": ["a", None]}])
def test_a_header_that_is_no_parameter_is_read_by_the_cluster(proxy: Listening, header: Any) -> None:
    before = len(proxy.searched)
    msearch(proxy, lines({"index": "test_shop", **header}, {"query": MATCH}))
    assert len(proxy.searched) == before


def test_an_msearch_in_which_our_part_fails_goes_to_the_cluster_without_our_extension(
    proxy: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object) -> Answer:
        raise ZeroDivisionError

    monkeypatch.setattr(MultiSearchEndpoint, "_answer", failing)
    search = {"query": MATCH, "ext": {"ltrr": {"query": "red"}}}
    got = msearch(proxy, lines({"index": "test_shop"}, search, {"index": "test_absent"}, {"query": MATCH}))
    assert [r["status"] for r in got.json["responses"]] == [404, 404]


def test_an_msearch_that_the_cluster_refuses_as_a_whole_is_refused(proxy: Listening) -> None:
    asked = lines({"index": "test_shop"}, {"query": MATCH}, {"index": "test_absent"}, {"query": {"mtach": {}}})
    got = msearch(proxy, asked)
    assert (got.status, "mtach" in got.json["error"]["reason"]) == (400, True)
    assert "x-ltrr" not in got.headers
