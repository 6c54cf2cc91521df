"""Clients that do not read: given up where they hold what others need, kept while they take their answer."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack

import pytest

from ltrr_opensearch.proxy import http_server
from ltrr_opensearch.types import Answer, SearchRequest
from tests.proxy.listening import call, listening
from tests.wire.ends import OK, Wire, cluster, none_ours, settings_for
from tests.wire.test_framing import request

POOL = 2
LARGE = 24 << 20
"""Bytes; more than kernels hold back for both connections."""
SEARCH = request("POST", "/shop/_search", b'{"query":{"match":{"title":"x"}}}')


def limits(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    for name, value in {"LOOK_S": 0.05, **seconds}.items():
        monkeypatch.setattr(http_server, name, value)


def slow(url: str) -> Wire:
    """A client for which its kernel holds little back."""
    wire = Wire(url)
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    return wire


@pytest.mark.parametrize("connection", [b"", b"connection: close\r\n"], ids=["as it comes", "parsed"])
def test_clients_that_stop_reading_do_not_keep_the_nodes_connections(
    connection: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits(monkeypatch, UNREAD_S=0.5)
    begun = threading.Semaphore(0)

    def converse(wire: Wire) -> None:
        while head := wire.until(b"\r\n\r\n"):
            if head.startswith(b"GET /large"):
                begun.release()
                wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % LARGE + b"x" * LARGE)
            else:
                wire.send(OK)

    with (
        cluster(converse) as url,
        listening(settings_for(url, pool_size=POOL), none_ours) as proxy,
        ExitStack() as stuck,
    ):
        for _ in range(POOL):
            stuck.enter_context(slow(proxy.url)).send(request("GET", "/large", more=connection))
            assert begun.acquire(timeout=20)
        assert call(proxy.url, "GET", "/small", wait_s=30).status == 200


def test_an_answer_of_ours_is_kept_for_a_client_that_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    limits(monkeypatch, IDLE_S=1.0, HEAD_S=1.0)

    def engine(_: SearchRequest) -> Answer:
        return Answer(200, (), b"x" * LARGE)

    with (
        cluster(lambda wire: wire.send(OK)) as url,
        listening(settings_for(url), engine) as proxy,
        slow(proxy.url) as wire,
    ):
        wire.send(SEARCH)
        wire.until(b"\r\n\r\n")
        for _ in range(8):  # longer than an idle connection is kept, and something is taken all the while
            wire.bytes(LARGE // 32)
            time.sleep(0.25)
        assert len(wire.bytes(LARGE - 8 * (LARGE // 32))) == LARGE - 8 * (LARGE // 32)
