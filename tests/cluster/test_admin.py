"""Connection failures in our words; what a cluster's answers mean."""

from __future__ import annotations

import socket
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
    with pytest.raises(Unreachable, match=rf"no OpenSearch answers at {url}.*ltrr node start.*OPENSEARCH_URL"):
        connect(ClusterSettings(url=url)).info()


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
