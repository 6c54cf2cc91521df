"""A node's life, on real nodes beside the one that the other tests share."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import NodeError
from ltrr_opensearch.node.local import NodeOptions, free_port, node_folder, remove, start, status, stop
from ltrr_opensearch.node.process import start_time
from ltrr_opensearch.node.record import find
from tests.conftest import HOME, PREFIX


@pytest.fixture
def name() -> Iterator[str]:
    unique = f"{PREFIX}life-{os.getpid()}"
    yield unique
    remove(unique, HOME)


def options(name: str, *, heap_mb: int = 256, fresh: bool = False) -> NodeOptions:
    return NodeOptions(name=name, home=HOME, port=19_300, heap_mb=heap_mb, small=True, fresh=fresh)


def test_data_survives_a_restart_and_fresh_clears_it(name: str) -> None:
    first = start(options(name))
    assert start(options(name)) == first
    with pytest.raises(NodeError, match=r"runs OpenSearch 3\.6\.0, not 3\.5\.0; stop it"):
        start(replace(options(name), version="3.5.0"))
    with OpenSearch(first.url) as client:
        client.index(index="kept", body={"a": 1}, params={"refresh": "true"})
    now = status(name, HOME)
    assert (now.running, now.version, now.health) == (first, "3.6.0", "yellow")
    assert now.disk_bytes > 0

    assert stop(name, HOME)
    assert start_time(first.pid) is None
    assert not stop(name, HOME)
    assert status(name, HOME).running is None

    second = start(options(name))
    assert second.pid != first.pid
    with OpenSearch(second.url) as client:
        assert client.count(index="kept")["count"] == 1
        plugins = {plugin["component"] for plugin in client.cat.plugins(params={"format": "json"})}
        assert plugins == {"opensearch-job-scheduler", "opensearch-knn", "opensearch-neural-search"}

    third = start(options(name, fresh=True))
    assert start_time(second.pid) is None
    with OpenSearch(third.url) as client:
        assert not client.indices.exists(index="kept")


def test_the_reason_is_shown_when_it_dies(name: str) -> None:
    with pytest.raises(NodeError, match="ended while it started") as raised:
        start(options(name, heap_mb=1))
    assert "heap" in str(raised.value)
    assert find(node_folder(name, HOME)) is None


def test_another_port_when_one_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < free_port(port) < port + 100


def test_names_stay_inside_the_home() -> None:
    with pytest.raises(NodeError, match="lower-case letters"):
        start(options("../elsewhere"))
