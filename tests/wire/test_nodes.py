"""Several nodes: relays before one real node that die and come back, and scripts that count what they were sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from ltrr_opensearch.settings import ServeSettings
from tests.proxy.listening import call, listening
from tests.wire.certificates import relay
from tests.wire.ends import OK, Wire, always, cluster, none_ours, settings_for

SEARCH = b'{"query":{"match":{"title":"red"}}}'
SOON_S = 10


def soon(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + SOON_S
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


def test_requests_are_dealt_out_and_a_dead_node_is_left_out_until_it_is_back(node: Any) -> None:
    with relay(node.url) as one, relay(node.url) as two:
        settings = settings_for(one.url, nodes=[two.url], retry_ms=100)
        with listening(settings, none_ours) as proxy:

            def ask() -> int:
                return call(proxy.url, "GET", "/_cluster/health").status

            assert [ask() for _ in range(6)] == [200] * 6
            assert one.connections
            assert two.connections
            one.cut()
            assert [ask() for _ in range(6)] == [200] * 6
            assert call(proxy.url, "POST", "/shop/_search", SEARCH).status == 404
            before = one.connections
            one.mend()
            assert soon(lambda: one.connections > before)
            two.cut()
            assert soon(lambda: ask() == 200)
            assert [ask() for _ in range(4)] == [200] * 4


def test_with_every_node_dead_it_is_503_and_heals_by_itself(node: Any, caplog: pytest.LogCaptureFixture) -> None:
    with (
        relay(node.url) as one,
        relay(node.url) as two,
        listening(settings_for(one.url, nodes=[two.url], retry_ms=100), none_ours) as proxy,
    ):
        one.cut()
        two.cut()
        got = call(proxy.url, "GET", "/_cluster/health")
        assert got.status == 503
        for dead in (one.url, two.url):
            assert dead in caplog.text
            assert dead not in got.body.decode(), "a client need not know where the cluster is"
        two.mend()
        assert soon(lambda: call(proxy.url, "GET", "/_cluster/health").status == 200)


def dying(received: list[bytes]) -> Callable[[Wire], None]:
    """Takes a request whole and dies."""

    def converse(wire: Wire) -> None:
        head, body = wire.answer()
        if head.startswith(b"GET / "):
            wire.send(OK)
            head, body = wire.answer()
        received.append(head + body)

    return converse


@pytest.mark.parametrize(
    ("method", "target", "again"),
    [
        ("POST", "/any/_search", True),
        ("GET", "/any/_doc/1", True),
        ("POST", "/_msearch", True),
        ("POST", "/any/_doc", False),
        ("POST", "/_bulk", False),
        ("PUT", "/any/_doc/1", False),
        ("DELETE", "/any/_doc/1", False),
        ("POST", "/_search/scroll", False),
        ("GET", "/any/_search?scroll=1m", False),
        ("POST", "/any/_update_by_query", False),
    ],
)
def test_only_what_reads_is_sent_to_another_node_after_one_died_on_it(method: str, target: str, again: bool) -> None:
    met: list[bytes] = []
    well: list[bytes] = []
    with cluster(dying(met)) as bad, cluster(always(OK, well)) as good:
        with listening(settings_for(bad, nodes=[good], retry_ms=60_000), none_ours) as proxy:
            statuses = []
            while not met:  # whichever node has its turn
                statuses.append(call(proxy.url, method, target, b'{"a":1}').status)
        assert len(met) == 1
        assert (statuses[-1] == 200) == again
        assert len(well) == len(statuses) - 1 + again


def test_a_body_that_is_still_coming_is_never_sent_twice() -> None:
    met: list[bytes] = []
    well: list[bytes] = []

    def converse(wire: Wire) -> None:
        head = wire.until(b"\r\n\r\n")
        if head.startswith(b"GET / "):
            wire.send(OK)
            head = wire.until(b"\r\n\r\n")
        met.append(head)

    with cluster(converse) as bad, cluster(always(OK, well)) as good:
        settings = settings_for(bad, nodes=[good], retry_ms=60_000)
        with listening(settings, none_ours) as proxy:
            statuses = []
            while not any(b"/_count" in m for m in met):
                with Wire(proxy.url) as wire:
                    wire.send(b"POST /any/_count HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n" + b"x" * 1000)
                    time.sleep(0.05)
                    wire.send(b"x" * 199_000)
                    statuses.append(wire.answer()[0][9:12])
    assert statuses[-1] == b"502"
    assert set(statuses[:-1]) <= {b"200"}
    assert len(well) == len(statuses) - 1


def test_both_sides_speak_ipv6(node: Any) -> None:
    with (
        relay(node.url, host="::1") as six,
        listening(settings_for(six.url, ServeSettings(host="::1")), none_ours) as proxy,
    ):
        assert "[::1]" in proxy.url
        assert call(proxy.url, "GET", "/").json["version"]["distribution"] == "opensearch"
    with listening(settings_for(node.url, ServeSettings(host="::")), none_ours) as proxy:
        assert call(proxy.url.replace("[::1]", "127.0.0.1"), "GET", "/").status == 200
        assert call(proxy.url, "GET", "/").status == 200


def test_the_host_and_a_path_before_all_are_the_clusters_own() -> None:
    received: list[bytes] = []
    with cluster(always(OK, received)) as url, listening(settings_for(f"{url}/os/"), none_ours) as proxy:
        call(proxy.url, "GET", "/_cat/health?v")
        call(proxy.url, "POST", "/shop/_search", SEARCH)
    authority = url.partition("//")[2].encode()
    assert received[0].startswith(b"GET /os/_cat/health?v HTTP/1.1\r\nhost: " + authority)
    assert received[1].startswith(b"POST /os/shop/_search HTTP/1.1\r\nhost: " + authority)
    assert received[1].endswith(SEARCH)
