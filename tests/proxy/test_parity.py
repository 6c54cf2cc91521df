"""Off means invisible: the same requests straight to a node and through the proxy give the same answers."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson
import pytest

from ltrr_opensearch.settings import ClusterSettings, IndexSettings, Settings
from ltrr_opensearch.types import Answer, SearchRequest
from tests.proxy.listening import Listening, Response, call, listening

MATCH = {"match": {"title": "red"}}
GZIP = {"accept-encoding": "gzip"}
NDJSON = {"content-type": "application/x-ndjson"}


@dataclass(frozen=True)
class Request:
    """`{index}` in target and body stands for the test's index."""

    method: str
    target: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def sent(self, url: str, index: str) -> Response:
        raw = self.body if isinstance(self.body, bytes | None) else orjson.dumps(self.body)
        filled = raw.replace(b"{index}", index.encode()) if raw is not None else None
        return call(url, self.method, self.target.replace("{index}", index), filled, self.headers)


def search(target: str = "/{index}/_search", **body: Any) -> Request:
    return Request("POST", target, body)


BULK = b"""{"create":{"_index":"{index}","_id":"1"}}
{"title":"is there already"}
{"delete":{"_index":"{index}","_id":"none"}}
"""
PAIRS = b"""{"index":"{index}"}
{"query":{"match_all":{}},"sort":["_doc"]}
{"index":"no_{index}"}
{"query":{"match_all":{}}}
"""

REQUESTS = {
    "root": Request("GET", "/"),
    "root, HEAD": Request("HEAD", "/"),
    "sort": search(query=MATCH, sort=["price"]),
    "sort, gzip": Request("POST", "/{index}/_search", {"query": MATCH, "sort": ["price"]}, GZIP),
    "match_all": search(query={"match_all": {}}),
    "no body": Request("GET", "/{index}/_search"),
    "GET with a body": Request("GET", "/{index}/_search", {"query": {"match_all": {}}, "size": 1}),
    "aggregation": search(size=0, aggs={"p": {"avg": {"field": "price"}}}),
    "aggregation, typed keys": search("/{index}/_search?typed_keys", size=0, aggs={"p": {"avg": {"field": "price"}}}),
    "source_parameter": Request(
        "GET", "/{index}/_search?source_content_type=application/json&source=%7B%22size%22:1%7D"
    ),
    "q= with operators": Request("GET", "/{index}/_search?q=title:red%20AND%20price:%3E5"),
    "script": search(query={"script_score": {"query": MATCH, "script": {"source": "doc['price'].value"}}}),
    "collapse": search(query=MATCH, collapse={"field": "price"}),
    "min_score": search(query=MATCH, min_score=100),
    "search_after": search(query={"match_all": {}}, sort=[{"price": "asc"}], search_after=[3], size=2),
    "past the window": Request("POST", "/{index}/_search", {"query": MATCH, "from": 10_000}),
    "unknown clause": search(query={"mtach": {"title": "red"}}),
    "unknown ext": search(query=MATCH, ext={"other": {}}),
    "malformed JSON": Request("POST", "/{index}/_search", b'{"query": '),
    "not JSON at all": Request("POST", "/{index}/_search", b"\xff\xfe\x00"),
    "yaml": Request("POST", "/{index}/_search", b"query:\n  match_all: {}\n", {"content-type": "application/yaml"}),
    "wants yaml": Request("POST", "/{index}/_search?format=yaml", {"query": {"match_all": {}}}),
    "no content type known": Request("POST", "/{index}/_search", b"{}", {"content-type": "text/plain"}),
    "absent index": search("/no_{index}/_search", query={"match_all": {}}),
    "absent index, HEAD": Request("HEAD", "/no_{index}"),
    "index, HEAD": Request("HEAD", "/{index}"),
    "document": Request("GET", "/{index}/_doc/1"),
    "absent document": Request("GET", "/{index}/_doc/none"),
    "document, HEAD": Request("HEAD", "/{index}/_doc/1"),
    "id with a slash": Request("GET", "/{index}/_doc/a%2Fb"),
    "mapping": Request("GET", "/{index}/_mapping?pretty"),
    "cat": Request("GET", "/_cat/indices/{index}?h=index,docs.count"),
    "options": Request("OPTIONS", "/{index}"),
    "wrong method": Request("PATCH", "/{index}/_search"),
    "count": Request("POST", "/{index}/_count", {"query": MATCH}),
    "validate": Request("POST", "/{index}/_validate/query?explain", {"query": MATCH}),
    "explain a document": Request("POST", "/{index}/_explain/1", {"query": MATCH}),
    "template": Request(
        "POST",
        "/{index}/_search/template",
        {"source": {"query": {"match": {"title": "{{w}}"}}}, "params": {"w": "red"}},
    ),
    "analyze": Request("POST", "/_analyze", {"text": "Red Shoes"}),
    "bulk": Request("POST", "/_bulk", BULK, NDJSON),
    "malformed bulk": Request("POST", "/_bulk", b'{"index"', NDJSON),
    "msearch": Request("POST", "/_msearch", PAIRS, NDJSON),
    "msearch of an index": Request("GET", "/{index}/_msearch", b'{}\n{"size":1,"sort":["price"]}\n', NDJSON),
    "malformed msearch": Request("POST", "/_msearch", b'{"index":"{index}"}\n', NDJSON),
    "unknown parameter": search("/{index}/_search?tomorrow=1", query=MATCH),
    "filter_path of an error": search("/no_{index}/_search?filter_path=error.type", query=MATCH),
    "opaque id": Request("GET", "/{index}/_count", None, {"x-opaque-id": "me-7"}),
    "unconfigured pattern": search("/{index}*/_search", query=MATCH, sort=["price"]),
    "double slash": Request("GET", "//{index}/_search"),
    "trailing slash": Request("GET", "/{index}/_search/"),
}

VARYING = re.compile(rb'"?(took|_seq_no|_version)"? ?: ?\d+|[A-Za-z0-9_+/=-]{60,}')


@pytest.fixture(scope="module")
def index(node: Any) -> Iterator[str]:
    name = f"test_{uuid4().hex[:8]}"
    lines = [{"title": f"red shoe {n}" if n % 2 else f"blue boot {n}", "price": n} for n in range(10)]
    body = b"".join(b'{"index":{"_id":"%d"}}\n%s\n' % (n, orjson.dumps(d)) for n, d in enumerate(lines))
    body += b'{"index":{"_id":"a/b"}}\n{"title":"slash","price":99}\n'
    settings = {"settings": {"number_of_shards": 1, "number_of_replicas": 0}}
    assert call(node.url, "PUT", f"/{name}", orjson.dumps(settings)).status == 200
    assert call(node.url, "POST", f"/{name}/_bulk?refresh=true", body, NDJSON).status == 200
    yield name
    call(node.url, "DELETE", f"/{name}")


def no_engine(request: SearchRequest) -> Answer | None:
    raise RuntimeError("the engine is broken")


@pytest.fixture(scope="module")
def proxy(node: Any, index: str) -> Iterator[Listening]:
    settings = Settings(
        cluster=ClusterSettings(url=node.url), indexes={index: IndexSettings(text_fields={"title": 1.0})}
    )
    with listening(settings, no_engine) as running:
        yield running


def comparable(response: Response) -> tuple[int, dict[str, str], bytes]:
    headers = {k: v for k, v in response.headers.items() if k not in ("date", "connection")}
    packed = headers.get("content-encoding") == "gzip"
    body = gzip.decompress(response.body) if packed else response.body
    if VARYING.search(body):
        headers.pop("content-length", None)  # `took` has more or fewer digits
    return response.status, headers, VARYING.sub(b"", body)


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_not_ours_is_the_clusters_own_answer(node: Any, proxy: Listening, index: str, name: str) -> None:
    request = REQUESTS[name]
    straight, through = request.sent(node.url, index), request.sent(proxy.url, index)
    assert comparable(through) == comparable(straight)
    assert proxy.searched == []


def test_a_broken_engine_is_invisible(node: Any, proxy: Listening, index: str) -> None:
    request = search(query=MATCH)
    straight, through = request.sent(node.url, index), request.sent(proxy.url, index)
    assert comparable(through) == comparable(straight)
    assert [r.text for r in proxy.searched] == ["red"]
    proxy.searched.clear()
    assert proxy.metrics.value("ltrr_fallbacks_total", reason="exception") == 1


def test_our_own_section_never_reaches_the_cluster(proxy: Listening, index: str) -> None:
    for body in ({"query": MATCH, "ext": {"ltrr": {"off": True}}}, {"sort": ["price"], "ext": {"ltrr": {}}}):
        assert search(**body).sent(proxy.url, index).status == 200
    lines = b'{"index":"%s"}\n{"query":{"match_all":{}},"ext":{"ltrr":{"off":true}}}\n' % index.encode()
    answer = call(proxy.url, "POST", "/_msearch", lines, NDJSON)
    assert [r["status"] for r in answer.json["responses"]] == [200]


def test_a_scroll_and_a_point_in_time_run_through_the_proxy(proxy: Listening, index: str) -> None:
    first = search("/{index}/_search?scroll=1m", size=6, query={"match_all": {}}).sent(proxy.url, index).json
    more = orjson.dumps({"scroll": "1m", "scroll_id": first["_scroll_id"]})
    second = call(proxy.url, "POST", "/_search/scroll", more).json
    assert len(first["hits"]["hits"]) + len(second["hits"]["hits"]) >= 11
    assert call(proxy.url, "DELETE", "/_search/scroll", orjson.dumps({"scroll_id": first["_scroll_id"]})).status == 200
    pit = call(proxy.url, "POST", f"/{index}/_search/point_in_time?keep_alive=1m").json["pit_id"]
    found = call(proxy.url, "POST", "/_search", orjson.dumps({"pit": {"id": pit}, "size": 1}))
    assert found.json["pit_id"] == pit
    assert call(proxy.url, "DELETE", "/_search/point_in_time", orjson.dumps({"pit_id": [pit]})).status == 200
