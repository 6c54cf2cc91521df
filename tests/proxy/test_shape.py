"""The form of an answer against the node's own."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
import pytest

from ltrr_opensearch.proxy.shape import Shape, encoding_of, filtered, pretty, shaped
from ltrr_opensearch.types import Answer, Json
from tests.proxy.listening import call

PATHS = [
    "hits.hits._source",
    "hits.hits._id,hits.total.value",
    "**._id",
    "h*.h*.*_s*",
    "*",
    "hits.hits",
    "-hits.hits._source",
    "-**.title,-took",
    "hits.hits,-**._source",
    "none.such",
    "_shards.*,timed_out",
    "hits.**.title",
    "**.**.title",
    "hits.**",
    "-hits.**",
    "-hits.hits._*,-_shards.*",
    "-hits.total.*",
    "-hits.hits._source.**",
    "hits.**.**",
    "-hits.**.**._id",
    "**.took",
    "**.hits",
    "**",
    "h*i*s.*i*s._*r*",
]


@pytest.fixture(scope="module")
def index(node: Any) -> Any:
    name = f"test_{uuid4().hex[:8]}"
    body = (
        b'{"index":{"_id":"1"}}\n{"title":"red","sku":[{"size":1,"title":"a"},{"size":2}]}\n{"index":{}}\n{"price":1}\n'
    )
    call(node.url, "POST", f"/{name}/_bulk?refresh=true", body, {"content-type": "application/x-ndjson"})
    yield name
    call(node.url, "DELETE", f"/{name}")


@pytest.mark.parametrize("paths", PATHS)
def test_filter_path_is_that_of_opensearch(node: Any, index: str, paths: str) -> None:
    whole = call(node.url, "GET", f"/{index}/_search").json
    theirs = call(node.url, "GET", f"/{index}/_search?filter_path={paths}").json
    ours = filtered(whole, paths.split(","))
    for each in (theirs, ours):
        each.pop("took", None)
    assert ours == theirs


@pytest.mark.parametrize("path", [".".join(["**"] * 60) + ".x", "aggregations." + "*a" * 60 + "*b"])
def test_no_path_takes_for_ever(path: str) -> None:
    deep: Json = {}
    for _ in range(60):
        deep = {"a": deep}
    named = {"a" * 200: {"value": 1}}
    assert filtered({"hits": {"hits": [{"_source": deep}]}, "aggregations": named}, [path]) == {}


@pytest.mark.parametrize("track", ["true", "false"])
def test_totals_as_numbers_are_those_of_opensearch(node: Any, index: str, track: str) -> None:
    target = f"/{index}/_search?track_total_hits={track}&pretty"
    answer = Answer(200, (), call(node.url, "GET", target).body)
    theirs = call(node.url, "GET", f"{target}&rest_total_hits_as_int=true").json
    ours = orjson.loads(shaped(answer, Shape(total_as_int=True)).body)
    assert ours["hits"] == theirs["hits"]
    assert list(ours["hits"]) == list(theirs["hits"])


def test_an_error_keeps_its_fields() -> None:
    error = Answer(404, (), b'{"error":{"type":"x"},"status":404}')
    assert orjson.loads(shaped(error, Shape(filter_path=("hits",), total_as_int=True)).body)["status"] == 404


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        (None, ""),
        (b"gzip", "gzip"),
        (b"deflate, GZIP", "gzip"),
        (b"gzip;q=0.5, deflate;q=0.8", "deflate"),
        (b"br", ""),
        (b"*", "gzip"),
        (b"gzip;q=0.000", ""),
        (b"gzip;q=much", ""),
    ],
)
def test_compressed_only_as_it_is_accepted(accepted: bytes | None, packed: str) -> None:
    assert encoding_of(accepted) == packed


@pytest.mark.parametrize("content", [{}, [], {"a": []}, {"a": {}, "b": [{}, []]}, {"a": "{}", "b[]": ["[],", " {}"]}])
def test_indented_as_opensearch_does(node: Any, content: Any) -> None:
    sent = orjson.dumps({"source": {"query": {"match_all": {}}, "ext": content}})
    theirs = call(node.url, "POST", "/_render/template?pretty", sent).body
    assert pretty(orjson.loads(theirs)) == theirs
