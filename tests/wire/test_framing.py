"""HTTP/1.1 as clients and nodes really speak it, byte by byte, through the proxy to a real node or a script."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest

from tests.proxy.listening import Listening, call, listening
from tests.wire.ends import OK, Wire, always, cluster, none_ours, settings_for

LARGE = 500_000_000
"""Bytes; more than kernels hold back for a connection."""
NDJSON = b"content-type: application/x-ndjson\r\n"


@pytest.fixture(scope="module")
def proxy(node: Any) -> Iterator[Listening]:
    with listening(settings_for(node.url), none_ours) as running:
        yield running


@pytest.fixture
def index(node: Any) -> Iterator[str]:
    name = f"c_wire_{uuid4().hex[:8]}"
    call(node.url, "PUT", f"/{name}", b'{"settings":{"number_of_shards":1,"number_of_replicas":0}}')
    yield name
    call(node.url, "DELETE", f"/{name}")


def request(method: str, target: str, body: bytes = b"", more: bytes = b"") -> bytes:
    length = b"content-length: %d\r\n" % len(body) if body else b""
    kind = b"content-type: application/json\r\n" if body else b""
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\n".encode() + kind + length + more + b"\r\n" + body


def test_one_connection_serves_many_requests(proxy: Listening) -> None:
    with Wire(proxy.url) as wire:
        for target in ("/", "/_cat/health", "/none/_doc/1", "/"):
            wire.send(request("GET", target))
            assert wire.answer()[0].startswith(b"HTTP/1.1 404" if "none" in target else b"HTTP/1.1 200")


def test_a_head_answer_leaves_the_connection_usable(proxy: Listening) -> None:
    with Wire(proxy.url) as wire:
        for _ in range(3):
            wire.send(request("HEAD", "/"))
            assert b"content-length: " in wire.until(b"\r\n\r\n").lower()
            wire.send(request("GET", "/"))
            assert b'"opensearch"' in wire.answer()[1]


def test_pipelined_requests_are_answered_in_their_order(proxy: Listening, index: str) -> None:
    asked = [
        request("PUT", f"/{index}/_doc/1?refresh=true", b'{"a":1}'),
        request("GET", f"/{index}/_count"),
        request("POST", "/shop/_search", b'{"query":{"match":{"title":"x"}}}'),
        request("HEAD", f"/{index}/_doc/1"),
        request("GET", f"/{index}/_doc/1"),
    ]
    with Wire(proxy.url) as wire:
        wire.send(b"".join(asked))
        assert b"201 Created" in wire.answer()[0]
        assert orjson.loads(wire.answer()[1])["count"] == 1
        assert b"404 Not Found" in wire.answer()[0]
        assert b"200 OK" in wire.until(b"\r\n\r\n")
        assert orjson.loads(wire.answer()[1])["_source"] == {"a": 1}


def test_forty_requests_in_one_packet_and_bytes_one_by_one(proxy: Listening) -> None:
    with Wire(proxy.url) as wire:
        wire.send(request("GET", "/_cat/health") * 40)
        assert [wire.answer()[0][:15] for _ in range(40)] == [b"HTTP/1.1 200 OK"] * 40
        for byte in request("POST", "/_analyze", b'{"text":"Red"}'):
            wire.send(bytes([byte]))
        assert orjson.loads(wire.answer()[1])["tokens"][0]["token"] == "red"


@pytest.mark.parametrize("trailers", [b"", b"X-Checksum: abc\r\n"])
def test_chunked_bodies_and_trailers_reach_the_node(proxy: Listening, index: str, trailers: bytes) -> None:
    head = f"POST /{index}/_bulk?refresh=true HTTP/1.1\r\nHost: x\r\n".encode()
    lines = [b'{"index":{"_id":"1"}}\n{"a":', b"1}\n"]
    with Wire(proxy.url) as wire:
        wire.send(head + NDJSON + b"transfer-encoding: chunked\r\n\r\n")
        for line in lines:
            wire.send(b"%x\r\n%b\r\n" % (len(line), line))
        wire.send(b"0\r\n" + trailers + b"\r\n")
        answer = orjson.loads(wire.answer()[1])
        wire.send(request("GET", "/"))
        assert wire.answer()[0].startswith(b"HTTP/1.1 200")
    assert (answer["errors"], answer["items"][0]["index"]["status"]) == (False, 201)


@pytest.mark.parametrize("line", [b"X-More: %b\r\n" % (b"x" * 1000), b"x" * 1000], ids=["many", "one"])
def test_headers_behind_a_body_have_an_end(proxy: Listening, line: bytes) -> None:
    with Wire(proxy.url) as wire:
        wire.send(b"POST /_bulk HTTP/1.1\r\nHost: x\r\n" + NDJSON + b"transfer-encoding: chunked\r\n\r\n")
        wire.send(b"1\r\n\n\r\n0\r\nX-First: 1\r\nX-Last: " + line * 1000)
        head, body = wire.answer()
        assert head.startswith(b"HTTP/1.1 400 Bad Request")
        assert b"behind a body" in body


@pytest.mark.parametrize("head", [b"", b"Trailer: x-end\r\n"])
def test_chunks_and_trailers_of_an_answer_are_relayed(head: bytes) -> None:
    answer = b"HTTP/1.1 200 Fine\r\n%btransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-end: 1\r\n\r\n"
    with cluster(always(answer % head)) as url, listening(settings_for(url), none_ours) as proxy:
        with Wire(proxy.url) as wire:
            wire.send(request("GET", "/any"))
            got = wire.until(b"x-end: 1\r\n\r\n")
            wire.send(request("GET", "/any"))
            assert wire.until(b"x-end: 1\r\n\r\n") == got
        with Wire(proxy.url) as wire:
            wire.send(b"GET /any HTTP/1.0\r\nHost: x\r\n\r\n")
            old = wire.until(b"abcde")
            assert wire.ended()
    assert got.startswith(b"HTTP/1.1 200 Fine\r\n" + head)
    assert got.partition(b"\r\n\r\n")[2] == b"3\r\nabc\r\n2\r\nde\r\n0\r\nx-end: 1\r\n\r\n"
    assert b"connection: close" in old
    assert b"chunked" not in old


def test_a_client_that_asks_first_is_told_to_go_on_by_the_cluster(proxy: Listening, index: str) -> None:
    body = b'{"index":{"_id":"1"}}\n{"a":1}\n'
    head = f"POST /{index}/_bulk HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n".encode() + NDJSON
    with Wire(proxy.url) as wire:
        wire.send(head + b"content-length: %d\r\n\r\n" % len(body))
        assert wire.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 Continue")
        wire.send(body)
        assert b'"errors":false' in wire.answer()[1]


def test_a_client_that_asks_first_is_told_to_go_on_where_we_read_the_body(proxy: Listening) -> None:
    body = b'{"query":{"match":{"title":"red"}}}'
    with Wire(proxy.url) as wire:
        wire.send(b"POST /shop/_search HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n")
        wire.send(b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body))
        assert wire.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(body)
        assert b"404 Not Found" in wire.answer()[0]


def test_a_refusal_before_the_body_reaches_a_client_that_goes_on_sending() -> None:
    refusal = b"HTTP/1.1 413 Request Entity Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

    def converse(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(refusal)
        while wire.socket.recv(65536):  # closing with unread bytes would reset the connection, and may lose the refusal
            pass

    with cluster(converse) as url, listening(settings_for(url), none_ours) as proxy, Wire(proxy.url) as wire:
        wire.send(b"POST /_bulk HTTP/1.1\r\nHost: x\r\ncontent-length: 50000000\r\n\r\n")
        wire.send(b"x" * 1_000_000)
        head, _ = wire.answer()
        assert head.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in head
        assert wire.ended()


def test_offers_to_change_the_protocol_are_declined(proxy: Listening, index: str) -> None:
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
    with Wire(proxy.url) as wire:
        for id in (1, 2):
            wire.send(request("PUT", f"/{index}/_doc/{id}", b'{"a":1}', offer))
            assert b"201 Created" in wire.answer()[0]


def test_packed_bodies_travel_packed_both_ways(proxy: Listening, index: str) -> None:
    packed = gzip.compress(b'{"index":{"_id":"1"}}\n{"title":"red shoe"}\n')
    more = NDJSON + b"content-encoding: gzip\r\n"
    head = f"POST /{index}/_bulk?refresh=true HTTP/1.1\r\nHost: x\r\n".encode()
    with Wire(proxy.url) as wire:
        wire.send(head + more + b"content-length: %d\r\n\r\n" % len(packed) + packed)
        assert b'"errors":false' in wire.answer()[1]
        wire.send(request("GET", "/", more=b"accept-encoding: gzip\r\n"))
        answer, body = wire.answer()
        assert b"content-encoding: gzip" in answer.lower()
        assert b'"opensearch"' in gzip.decompress(body)


@pytest.mark.parametrize(
    "bad",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01 a TLS hello",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_and_ends_the_connection(proxy: Listening, bad: bytes) -> None:
    with Wire(proxy.url) as wire:
        wire.send(request("GET", "/_cat/health") + bad)
        assert wire.answer()[0].startswith(b"HTTP/1.1 200")
        head, body = wire.answer()
        assert head.startswith(b"HTTP/1.1 400 Bad Request")
        assert orjson.loads(body)["status"] == 400
        assert wire.ended()


def test_what_a_node_says_unasked_answers_no_later_request() -> None:
    received: list[bytes] = []
    smuggled = OK + b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nsmuggled"
    with (
        cluster(always(smuggled, received)) as url,
        listening(settings_for(url), none_ours) as proxy,
        Wire(proxy.url) as wire,
    ):
        for _ in range(3):
            wire.send(request("GET", "/any"))
            assert wire.answer()[1] == b"{}"
    assert len(received) == 3


def test_a_client_slower_than_the_node_makes_it_wait() -> None:
    sent, stopped = [0], threading.Event()

    def converse(wire: Wire) -> None:
        head, _ = wire.answer()
        if head.startswith(b"GET / "):
            wire.send(OK)
            wire.answer()
        wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2000000000\r\n\r\n")
        wire.socket.settimeout(0.5)
        try:
            while sent[0] < LARGE:
                wire.send(b"x" * 65536)
                sent[0] += 65536
        finally:
            stopped.set()

    with cluster(converse) as url, listening(settings_for(url), none_ours) as proxy, Wire(proxy.url) as wire:
        wire.send(request("PUT", "/any"))
        wire.until(b"\r\n\r\n")
        assert stopped.wait(20)
    assert sent[0] < LARGE
