"""The operator's port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.proxy.explain import DecisionLookup
from ltrr_opensearch.settings import ClusterSettings, Settings, StateSettings
from tests.proxy.listening import Listening, call, listening


@pytest.fixture(scope="module")
def proxy(node: Any) -> Iterator[Listening]:
    with listening(Settings(cluster=ClusterSettings(url=node.url)), lambda _: None) as running:
        yield running


def test_health(proxy: Listening) -> None:
    assert call(proxy.admin, "GET", "/_ltrr/health/live").json == {"status": "live"}
    ready = call(proxy.admin, "GET", "/_ltrr/health/ready")
    assert (ready.status, ready.json["ok"]) == (200, True)
    assert ready.json["cluster"].startswith("3.")


def test_metrics_are_those_of_this_proxy(proxy: Listening) -> None:
    call(proxy.url, "GET", "/_cat/health")
    got = call(proxy.admin, "GET", "/_ltrr/metrics")
    assert b'ltrr_passthrough_total{reason="other_path"} 1.0' in got.body
    assert got.headers["content-type"].startswith("text/plain")


def test_a_decision_is_looked_up(proxy: Listening) -> None:
    assert call(proxy.admin, "GET", "/_ltrr/explain/known").json == {"query_id": "known"}
    absent = call(proxy.admin, "GET", "/_ltrr/explain/a%20b")
    assert absent.status == 404
    assert "'a b'" in absent.json["error"]["reason"]


def test_other_routes_and_methods(proxy: Listening) -> None:
    assert call(proxy.admin, "GET", "/").status == 404
    assert call(proxy.admin, "POST", "/_ltrr/metrics", b"").status == 405


def test_operators_routes_are_not_on_the_clients_port(proxy: Listening) -> None:
    assert call(proxy.url, "GET", "/_ltrr/metrics").status == 400


async def test_the_log_of_decisions_is_read_without_its_alias(node: Any) -> None:
    prefix = f"test_{uuid4().hex[:8]}"
    target = f"/{prefix}_decisions-2026.03"
    call(node.url, "PUT", f"{target}/_doc/q1?refresh=true", b'{"query_id":"q1"}')
    cluster = ClusterSettings(url=node.url)
    upstream = Upstream(cluster)
    await upstream.open()
    try:
        lookup = DecisionLookup(upstream, Settings(cluster=cluster, state=StateSettings(prefix=prefix)))
        assert await lookup("q1") == {"query_id": "q1"}
        assert await lookup("q2") is None
    finally:
        await upstream.close()
        call(node.url, "DELETE", target)
