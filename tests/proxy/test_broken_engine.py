"""A proxy whose engine is broken: nobody notices, and our own section never reaches the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.settings import ClusterSettings, Settings
from ltrr_opensearch.types import Answer, SearchRequest
from tests.proxy.listening import Listening, Response, call, listening

MATCH = {"match": {"title": "red"}}
NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def index(node: Any) -> Iterator[str]:
    name = f"test_{uuid4().hex[:8]}"
    documents = (orjson.dumps({"title": f"red shoe {n}" if n % 2 else f"blue boot {n}", "price": n}) for n in range(10))
    body = b"".join(b'{"index":{}}\n%s\n' % document for document in documents)
    assert call(node.url, "POST", f"/{name}/_bulk?refresh=true", body, NDJSON).status == 200
    yield name
    call(node.url, "DELETE", f"/{name}")


def no_engine(request: SearchRequest) -> Answer | None:
    raise RuntimeError("the engine is broken")


@pytest.fixture(scope="module")
def proxy(node: Any, index: str) -> Iterator[Listening]:
    shop = IndexSettings(text_fields={"title": 1.0})
    with listening(Settings(cluster=ClusterSettings(url=node.url), indexes={index: shop}), no_engine) as running:
        yield running


def search(url: str, index: str, **body: Any) -> Response:
    return call(url, "POST", f"/{index}/_search", orjson.dumps(body))


def test_a_broken_engine_is_invisible(node: Any, proxy: Listening, index: str) -> None:
    straight, through = search(node.url, index, query=MATCH), search(proxy.url, index, query=MATCH)
    assert through.json | {"took": 0} == straight.json | {"took": 0}
    assert through.headers.keys() == straight.headers.keys()
    assert [r.text for r in proxy.searched] == ["red"]
    assert proxy.metrics.value("ltrr_fallbacks_total", reason="exception") == 1


def test_our_own_section_never_reaches_the_cluster(proxy: Listening, index: str) -> None:
    for body in (
        {"query": MATCH, "ext": {"ltrr": {"off": True}}},
        {"query": MATCH, "ext": {"ltrr": {"explain": True}}},
        {"sort": ["price"], "ext": {"ltrr": {}}},
    ):
        assert search(proxy.url, index, **body).status == 200
    lines = b'{"index":"%s"}\n{"query":{"match_all":{}},"ext":{"ltrr":{"off":true}}}\n' % index.encode()
    answer = call(proxy.url, "POST", "/_msearch", lines, NDJSON)
    assert [r["status"] for r in answer.json["responses"]] == [200]
