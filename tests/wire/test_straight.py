"""The shortest way through the proxy against the long one: the same bytes at both ends, however nasty an exchange."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.proxy import passthrough
from ltrr_opensearch.proxy.relay import Relay
from tests.proxy.listening import listening
from tests.wire.ends import OK, Wire, cluster, none_ours, settings_for

LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
GET = b"GET /a/_doc/1 HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
PUT = b"PUT /a/_doc/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
LONG = b"HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 300000\r\n\r\n" + b"x" * 300_000
CLOSED = b""
"""Among what a node says: it closes the connection."""
APART_S = 0.02
"""Between pieces, so that each arrives as one."""


@dataclass(frozen=True)
class Case:
    """What a client sends in one piece each, and what the node says, in pieces, to each request that reaches it."""

    sent: Sequence[bytes]
    said: Sequence[Sequence[bytes]] = ((OK,),) * 9


CASES = {
    "plain": Case([GET, PUT, GET, GET]),
    "length in front": Case(
        [b"PUT / HTTP/1.1\r\nContent-Length: 1%d\r\nHost: x\r\n\r\n%b" % (n, b"x" * (10 + n)) for n in range(9)]
    ),
    "pipelined": Case([GET + GET, GET + PUT + GET[:9], GET[9:]]),
    "in pieces": Case([GET[:20], GET[20:], PUT[:-1], PUT[-1:]]),
    "more than a request": Case([GET, PUT + b"GET /x HT", b"TP/1.1\r\nHost: x\r\n\r\n"]),
    "no host": Case([GET, GET.replace(b"Host: x\r\n", b"")]),
    "hosts": Case([GET, GET.replace(b"Host: x", b"Host: x\r\nHost: y")]),
    "lengths": Case([PUT, PUT.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n")]),
    "length and chunks": Case([PUT, PUT.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")]),
    "chunks": Case(
        [PUT, PUT.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked").replace(b"{}", b"2\r\n{}\r\n0\r\n\r\n")]
    ),
    "folded": Case([GET, GET.replace(b"*/*", b"a,\r\n b")]),
    "bare breaks": Case([GET, GET.replace(b"\r\n", b"\n")]),
    "whole address": Case([GET, GET.replace(b"/a", b"http://y/a")]),
    "of this connection": Case([GET, GET.replace(b"Accept: */*", b"Connection: x-a\r\nX-A: b"), GET]),
    "old": Case([GET, GET.replace(b"1.1", b"1.0")]),
    "head": Case(
        [GET, GET.replace(b"GET", b"HEAD"), GET], [[OK], [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"], [OK]]
    ),
    "noise": Case([GET, b"\x00\x01\x02\r\n\r\n"]),
    "searches of others": Case([GET.replace(b"/_doc/1", b"/_search"), PUT.replace(b"/_doc/1", b"/_search?x=/_ltrr/")]),
    "long answer": Case([GET, GET], [[LONG], [LONG[:9], LONG[9:500], LONG[500:]]]),
    "answer in pieces": Case([GET, GET], [[OK], [OK[:30], OK[30:-1], OK[-1:]]]),
    "answers together": Case([GET, GET, GET], [[OK], [OK + OK], [OK]]),
    "long answer and more": Case([GET, GET, GET], [[OK], [LONG[:-1], LONG[-1:] + b"more"], [OK]]),
    "chunked answer": Case(
        [GET, GET, GET], [[OK], [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"], [OK]]
    ),
    "without an end": Case([GET, GET], [[OK], [b"HTTP/1.1 200 OK\r\n\r\nabc", CLOSED]]),
    "bare answers": Case(
        [GET, GET, GET], [[OK], [b"HTTP/1.1 204 No\r\n\r\n"], [b"HTTP/1.1 304 No\r\ncontent-length: 7\r\n\r\n"]]
    ),
    "refusal": Case([GET, GET, GET], [[OK], [OK.replace(b"200 OK", b"400 Bad")], [OK]]),
    "closing answer": Case(
        [GET, GET, GET], [[OK], [OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"), CLOSED], [OK]]
    ),
    "informed": Case([GET, GET], [[OK], [b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n", OK]]),
    "dropped": Case([GET, GET, GET], [[OK], [CLOSED], [OK]]),
    "dropped twice": Case([GET, GET, GET], [[OK], [CLOSED], [CLOSED], [OK]]),
    "dropped write": Case([GET, PUT, GET], [[OK], [CLOSED], [OK]]),
    "half a head": Case([GET, GET, GET], [[OK], [OK[:20], CLOSED], [OK]]),
    "half an answer": Case([GET, GET], [[OK], [LONG[:5000], CLOSED]]),
    "no answer": Case([GET, GET, GET], [[OK], [b"SSH-2.0\r\n\r\n"], [OK]]),
    "two lengths": Case(
        [GET, GET, GET], [[OK], [OK.replace(b"\r\n\r\n", b"\r\ncontent-length: 3\r\n\r\n") + b"x"], [OK]]
    ),
}


@dataclass
class Node:
    """Says what a case has for each request, in the order in which these come on whatever connection."""

    said: Sequence[Sequence[bytes]]
    received: list[bytes] = field(default_factory=list)

    def converse(self, wire: Wire) -> None:
        while True:
            request = _request(wire)
            if request.startswith((b"GET / ", b"GET /last ")):
                wire.send(OK)
                continue
            self.received.append(request)
            pieces = self.said[len(self.received) - 1] if len(self.received) <= len(self.said) else (OK,)
            for piece in pieces:
                if piece == CLOSED:
                    return
                wire.send(piece)
                time.sleep(APART_S)


def _request(wire: Wire) -> bytes:
    head = wire.until(b"\r\n\r\n")
    if b"transfer-encoding" in head.lower():
        return head + wire.until(b"0\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return head + wire.bytes(int(length[1]) if length else 0)


@dataclass(frozen=True)
class Played:
    """What both ends saw, and what was counted of it."""

    received: list[bytes]
    answered: bytes
    passed: dict[str, float]
    failures: dict[str, float]


REASONS = ("other_path", "other_index")
FAILURES = ("502", "503", "504")


def play(case: Case) -> Played:
    node = Node(case.said)
    with cluster(node.converse) as url, listening(settings_for(url), none_ours) as proxy:
        with Wire(proxy.url) as first:  # so that a connection to the node is kept
            first.send(GET.replace(b"/a/_doc/1", b"/"))
            first.answer()
        answered = _converse(proxy.url, (*case.sent, LAST))
        value = proxy.metrics.value
        return Played(
            [request.replace(url.removeprefix("http://").encode(), b"node") for request in node.received],
            answered,
            {reason: value("ltrr_passthrough_total", reason=reason) for reason in REASONS},
            {status: value("ltrr_upstream_failures_total", status=status) for status in FAILURES},
        )


def _converse(url: str, pieces: Sequence[bytes]) -> bytes:
    """All that the proxy says to these pieces, to its end."""
    said = []

    def listen(wire: Wire) -> None:
        with suppress(OSError):
            while chunk := wire.socket.recv(65536):
                said.append(chunk)

    with Wire(url) as wire:
        listener = threading.Thread(target=listen, args=(wire,))
        listener.start()
        with suppress(OSError):
            for piece in pieces:
                wire.send(piece)
                time.sleep(APART_S * 5)
        listener.join()
    return b"".join(said)


@pytest.mark.parametrize("name", CASES)
def test_both_ends_see_the_same_by_either_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short = play(CASES[name])
    monkeypatch.setattr(Upstream, "traces", True)
    assert play(CASES[name]) == short
    assert short.received
    assert short.answered


@pytest.mark.parametrize(
    ("name", "long"),
    [("plain", 0), ("searches of others", 0), ("long answer", 1), ("dropped", 1), ("refusal", 2), ("pipelined", 5)],
)
def test_what_is_ordinary_goes_the_short_way(name: str, long: int, monkeypatch: pytest.MonkeyPatch) -> None:
    relayed: list[str] = []

    class Counted(Relay):
        def __init__(self, nodes: Any, exchange: Any, *rest: Any) -> None:
            relayed.append(exchange.target)
            super().__init__(nodes, exchange, *rest)

    monkeypatch.setattr(passthrough, "Relay", Counted)
    play(CASES[name])
    assert [target for target in relayed if target != "/last"] == ["/a/_doc/1"] * long
