"""What set-up asks of the LTR plugin, against answers that were recorded from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.cluster.capabilities import Capabilities
from ltrr_opensearch.index.prepare import feature_requests
from ltrr_opensearch.index_settings import IndexSettings, VectorSettings
from ltrr_opensearch.rank.feature_sets import derive, plugin_body
from ltrr_opensearch.settings import ClusterSettings
from tests.cluster.exchanges import exchange

Answer = Callable[[str], dict[str, Any]]
GREETING: dict[str, Any] = {"status": 200, "body": {"version": {"number": "3.6.0", "distribution": "opensearch"}}}
INDEX = IndexSettings(text_fields={"title": 1}, vector=VectorSettings(dimension=2))


def _capabilities(*, ltr: bool) -> Capabilities:
    return Capabilities(
        "3.6.0", "opensearch", 1, ltr=ltr, knn=True, neural=False, ubi=False, security=False, faiss=False
    )


@pytest.fixture
def plugin() -> Iterator[Callable[[Answer], OpenSearch]]:
    """A server that greets as OpenSearch does, and gives recorded answers by path."""
    servers: list[ThreadingHTTPServer] = []

    def serve(answer: Answer) -> OpenSearch:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # http.server's name
                recorded = GREETING if self.path == "/" else answer(self.path)
                self.send_response(recorded["status"])
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(recorded["body"]).encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return connect(ClusterSettings(url=f"http://127.0.0.1:{servers[-1].server_port}"))

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_without_a_store_store_and_sets_are_made(plugin: Callable[[Answer], OpenSearch]) -> None:
    client = plugin(lambda path: exchange("01_store_missing_get")[1])
    requests = feature_requests(client, INDEX, _capabilities(ltr=True))
    whole = derive(INDEX)
    assert [(r.method, r.path) for r in requests] == [
        ("PUT", "/_ltr"),
        ("POST", f"/_ltr/_featureset/{whole.name}"),
        ("POST", f"/_ltr/_featureset/{whole.name}_text"),
    ]
    assert requests[1].body == plugin_body(whole)
    client.close()


def test_only_the_missing_set_is_made(plugin: Callable[[Answer], OpenSearch]) -> None:
    def answer(path: str) -> dict[str, Any]:
        if path == "/_ltr":
            return exchange("06_list_stores")[1]
        return exchange("13_get_featureset_missing" if path.endswith("_text") else "12_get_featureset")[1]

    client = plugin(answer)
    requests = feature_requests(client, INDEX, _capabilities(ltr=True))
    assert [r.path for r in requests] == [f"/_ltr/_featureset/{derive(INDEX).name}_text"]
    client.close()


def test_without_the_plugin_nothing_is_asked(client: OpenSearch) -> None:
    assert feature_requests(client, INDEX, _capabilities(ltr=False)) == []
