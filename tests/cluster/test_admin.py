"""Connection failures in our words; what a cluster's answers mean."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from opensearchpy import AuthenticationException, AuthorizationException, OpenSearch

from ltrr_opensearch.cluster.admin import connect, translate
from ltrr_opensearch.cluster.capabilities import check_version, detect, read_capabilities
from ltrr_opensearch.errors import ClusterError, MissingPlugin, TooOld, Unreachable
from ltrr_opensearch.settings import ClusterSettings
from tests.conftest import TestNode

ROOT = {"version": {"number": "3.6.0", "distribution": "opensearch"}}


def _nodes(build_type: str, *plugins: str) -> dict[str, Any]:
    return {"nodes": {"n1": {"build_type": build_type, "roles": ["data"], "plugins": [{"name": p} for p in plugins]}}}


def test_nobody_there_names_the_address_and_what_to_do() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(
        Unreachable, match=rf"no OpenSearch answers at {url} \(Connection refused\).*ltrr node start.*OPENSEARCH_URL"
    ):
        connect(ClusterSettings(url=url)).info()


def test_tls_where_there_is_none_is_told_in_its_own_words(node: TestNode) -> None:
    url = node.url.replace("http://", "https://")
    with pytest.raises(Unreachable, match=r"does not speak trusted TLS \([a-z ]+\); set cluster\.ca_certs"):
        connect(ClusterSettings(url=url)).info()


@contextmanager
def greeting(root: bytes, kind: str = "application/json") -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything with `root`; its URL, and the requests that came."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(root)))
            self.end_headers()
            self.wfile.write(root)

        do_GET = do_PUT = answer  # noqa: N815 as http.server calls them

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


@pytest.mark.parametrize(
    ("root", "said"),
    [
        (b'{"version": {"number": "2.11.0", "distribution": "opensearch"}}', r"OpenSearch 2\.11\.0 is too old"),
        (b'{"version": {"number": "8.13.0"}}', r"this is Elasticsearch 8\.13\.0"),
    ],
)
def test_nothing_is_written_to_a_cluster_that_is_too_old_or_another(root: bytes, said: str) -> None:
    with greeting(root) as (url, asked):
        for _ in range(2):
            with pytest.raises(ClusterError, match=rf"{url}: {said}.*set\s+cluster\.url"):
                connect(ClusterSettings(url=url)).indices.create(index="shop")
        assert set(asked) == {"GET /"}


def test_what_is_no_cluster_at_all_is_named() -> None:
    with (
        greeting(b"<html>", "text/html") as (url, _),
        pytest.raises(ClusterError, match=rf"{url} answers GET / with something other than JSON.*set cluster\.url"),
    ):
        connect(ClusterSettings(url=url)).indices.create(index="shop")


def test_refused_accounts_are_told_apart() -> None:
    who = AuthenticationException(401, "Unauthorized", {})
    what = AuthorizationException(403, "x", {"error": {"reason": "no permissions for [indices:admin/create]"}})
    assert "OPENSEARCH_PASSWORD" in str(translate(who, "GET /", "h", "http://h:9200"))
    assert "no permissions for [indices:admin/create]" in str(translate(what, "PUT /a", "h", "http://h:9200"))


def test_the_real_node_is_understood(node: TestNode) -> None:
    found = detect(connect(ClusterSettings(url=node.url)))
    assert found.knn
    assert found.neural
    assert not found.ltr
    assert not found.faiss
    assert found.feature_logging == "named_scores"


def test_who_reads_much_reads_the_same(client: OpenSearch, node: TestNode, index_name: str) -> None:
    """Also half a surrogate pair, which JSON may hold and UTF-8 may not."""
    half = '{"a": "\\ud83d", "b": 0.1}'
    client.index(index=index_name, body=half, id="1", params={"refresh": "true"})
    with connect(ClusterSettings(url=node.url), reads_much=True) as reading:
        body: dict[str, Any] = {"query": {"match_all": {}}}
        found, expected = (c.search(index=index_name, body=body)["hits"]["hits"] for c in (reading, client))
    assert found == expected
    assert found[0]["_source"] == {"a": "\ud83d", "b": 0.1}


def test_faiss_is_refused_before_it_kills_the_node(client: OpenSearch) -> None:
    with pytest.raises(MissingPlugin, match="use engine: lucene"):
        detect(client).require_knn("faiss")


@pytest.mark.parametrize(
    ("build_type", "initialized", "sure"), [("tar", False, True), ("zip", True, True), ("zip", False, False)]
)
def test_faiss_is_sure_in_packages_that_ship_it_and_where_it_runs(
    build_type: str, initialized: bool, sure: bool
) -> None:
    stats = {"nodes": {"n1": {"faiss_initialized": initialized}}}
    assert read_capabilities(ROOT, _nodes(build_type, "opensearch-knn"), stats).faiss is sure


def test_a_plugin_counts_only_if_every_node_has_it() -> None:
    nodes = _nodes("tar", "opensearch-knn", "opensearch-ltr")
    nodes["nodes"]["n2"] = {"build_type": "tar", "plugins": [{"name": "opensearch-ltr"}]}
    found = read_capabilities(ROOT, nodes, {})
    assert (found.ltr, found.knn, found.feature_logging) == (True, False, "ltr_plugin")


def test_old_clusters_and_others_are_refused() -> None:
    with pytest.raises(TooOld, match=r"OpenSearch 2\.18\.0 is too old"):
        check_version({"version": {"number": "2.18.0", "distribution": "opensearch"}})
    with pytest.raises(ClusterError, match=r"this is Elasticsearch 8\.1\.0"):
        check_version({"version": {"number": "8.1.0"}})
