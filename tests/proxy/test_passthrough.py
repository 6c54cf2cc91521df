"""What a healthy OpenSearch seldom shows: redirects, throttling, a cluster that is away, clients that hang up."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from ltrr_opensearch.cluster.connections import Connection
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.settings import ClusterSettings, Settings
from ltrr_opensearch.types import Answer, SearchRequest
from tests.proxy.listening import Response, call, listening

LARGE = 3 * 1024 * 1024


READINESS = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


def whole(received: bytes) -> bool:
    """Whether the head is here and the body it announces; a head may well come in a packet of its own."""
    head, end, body = received.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and (len(body) >= lengths[0] if lengths else True)


class Recorded:
    """A server that answers with these bytes and keeps what it was sent, but for questions of readiness."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.received = b""
        self.closed = threading.Event()
        self.got_request = threading.Event()
        self._connections: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        self._connections.append(connection)
        with connection, suppress(OSError):
            while chunk := connection.recv(65536):
                if chunk.startswith(b"GET / "):
                    connection.sendall(READINESS)
                    continue
                self.received += chunk
                if whole(self.received) and not self.got_request.is_set():
                    self.got_request.set()
                    connection.sendall(self.answer)
        self.closed.set()

    def close(self) -> None:
        self._socket.close()

    def break_off(self) -> None:
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def recorded(answer: bytes) -> Iterator[Recorded]:
    server = Recorded(answer)
    try:
        yield server
    finally:
        server.close()


def none_ours(request: SearchRequest) -> Answer | None:
    return None


def settings_for(url: str) -> Settings:
    return Settings(cluster=ClusterSettings(url=url), indexes={"shop": IndexSettings(text_fields={"title": 1.0})})


def test_the_request_reaches_the_cluster_as_it_came() -> None:
    with (
        recorded(b"HTTP/1.1 204 No Content\r\n\r\n") as cluster,
        listening(settings_for(cluster.url), none_ours) as proxy,
    ):
        headers = {"X-Opaque-Id": "größe".encode().decode("latin-1"), "Authorization": "Basic eA==", "Accept": "*/*"}
        call(proxy.url, "PUT", "/a%2Fb/_doc/%C3%A4?x=%2B+1&&y", b"body", headers)
    head, _, body = cluster.received.partition(b"\r\n\r\n")
    line, *sent = head.split(b"\r\n")
    assert line == b"PUT /a%2Fb/_doc/%C3%A4?x=%2B+1&&y HTTP/1.1"
    host = urlsplit(cluster.url).netloc.encode()
    assert sorted(h.lower() for h in sent if not h.lower().startswith(b"content-")) == sorted(
        [b"host: " + host, b"x-opaque-id: " + "größe".encode(), b"authorization: basic ea==", b"accept: */*"]
    )
    assert body == b"body"


@pytest.mark.parametrize(
    ("status", "header"),
    [
        (b"301 Moved", b"Location: /elsewhere"),
        (b"429 Too Many Requests", b"Retry-After: 7"),
        (b"304 Not Modified", b"ETag: x"),
        (b"200 OK", b'Warning: 299 OpenSearch "old"'),
        (b"401 Unauthorized", b'WWW-Authenticate: Basic realm="x"'),
    ],
)
def test_status_and_headers_are_relayed(status: bytes, header: bytes) -> None:
    answer = b"HTTP/1.1 %s\r\n%s\r\nContent-Length: 0\r\nConnection: keep-alive, x-own\r\nX-Own: 1\r\n\r\n" % (
        status,
        header,
    )
    with recorded(answer) as cluster, listening(settings_for(cluster.url), none_ours) as proxy:
        got = call(proxy.url, "GET", "/_cat/health")
    name, _, value = header.decode().partition(": ")
    assert str(got.status).encode() == status[:3]
    assert got.headers[name.lower()] == value
    assert "x-own" not in got.headers


@pytest.mark.parametrize("encoded", [{"content-length": str(LARGE)}, {"transfer-encoding": "chunked"}])
def test_a_large_body_is_sent_on_while_it_arrives(encoded: dict[str, str]) -> None:
    with recorded(b"") as cluster, listening(settings_for(cluster.url), none_ours) as proxy:
        where = urlsplit(proxy.url)
        with socket.create_connection((where.hostname or "", where.port or 0)) as client:
            name, value = next(iter(encoded.items()))
            client.sendall(f"POST /_bulk HTTP/1.1\r\nhost: x\r\n{name}: {value}\r\n\r\n".encode())
            half = b"x" * (LARGE // 2)
            client.sendall(b"%x\r\n%s\r\n" % (len(half), half) if "transfer-encoding" in encoded else half)
            until = time.monotonic() + 5
            while len(cluster.received) < len(half) // 2 and time.monotonic() < until:
                time.sleep(0.01)
            assert len(cluster.received) > len(half) // 2
        assert cluster.closed.wait(5)


def test_a_client_that_hangs_up_closes_the_request_to_the_cluster() -> None:
    with recorded(b"") as cluster, listening(settings_for(cluster.url), none_ours) as proxy:
        where = urlsplit(proxy.url)
        with socket.create_connection((where.hostname or "", where.port or 0)) as client:
            client.sendall(b"GET /_cat/health HTTP/1.1\r\nhost: x\r\n\r\n")
            assert cluster.got_request.wait(5)
        assert cluster.closed.wait(5)


@pytest.mark.parametrize("target", ["/_cat/health", "/shop/_search", "/_msearch"])
def test_a_cluster_that_is_away_is_503_in_its_own_shape(target: str, caplog: pytest.LogCaptureFixture) -> None:
    with listening(settings_for("http://127.0.0.1:1"), none_ours) as proxy:
        got = call(proxy.url, "POST", target, b'{"query":{"match":{"title":"red"}}}')
        ready = call(proxy.admin, "GET", "/_ltrr/health/ready")
        assert proxy.metrics.value("ltrr_upstream_failures_total", status="503") == 1
    assert got.status == got.json["status"] == 503
    assert got.json["error"]["type"] == "connect_transport_exception"
    assert b"127.0.0.1" not in got.body
    assert "no connection to the cluster" in got.json["error"]["reason"]
    assert "127.0.0.1:1" in caplog.text
    assert ready.status == 503


def test_a_cluster_that_breaks_off_is_502() -> None:
    half = b"HTTP/1.1 200 OK\r\ncontent-le"
    answers: list[int] = []
    with recorded(half) as cluster, listening(settings_for(cluster.url), none_ours) as proxy:
        asking = threading.Thread(target=lambda: answers.append(call(proxy.url, "POST", "/_refresh").status))
        asking.start()
        assert cluster.got_request.wait(5)
        cluster.break_off()
        asking.join(10)
    assert answers == [502]


@pytest.mark.parametrize("target", ["/_refresh", "/shop/_search"])
def test_a_cluster_of_which_the_network_hears_nothing_is_504(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, answers = Connection.connection_lost, list[Response]()

    def silent(self: Connection, _: Exception | None) -> None:
        ended(self, TimeoutError(errno.ETIMEDOUT, "Connection timed out"))

    monkeypatch.setattr(Connection, "connection_lost", silent)
    search = b'{"query":{"match":{"title":"red"}}}'
    with recorded(b"") as cluster, listening(settings_for(cluster.url), none_ours) as proxy:
        asking = threading.Thread(target=lambda: answers.append(call(proxy.url, "POST", target, search)))
        asking.start()
        assert cluster.got_request.wait(5)
        cluster.break_off()
        asking.join(10)
        assert proxy.metrics.value("ltrr_upstream_failures_total", status="504") == 1
    (got,) = answers
    assert got.status == got.json["status"] == 504
    assert got.json["error"]["type"] == "receive_timeout_transport_exception"
    assert "did not answer in time" in got.json["error"]["reason"]


@pytest.mark.parametrize(
    ("target", "signed", "warned"),
    [
        ("/shop/_search", "AWS4-HMAC-SHA256 x", True),
        ("/shop/_msearch", "AWS4-HMAC-SHA256 x", True),
        ("/other/_search", "AWS4-HMAC-SHA256 x", False),
        ("/shop/_search", "Basic eA==", False),
    ],
)
def test_a_signed_search_passes_with_a_warning(target: str, signed: str, warned: bool) -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    search = b'{"query":{"match":{"title":"red"}}}'
    body = b"{}\n" + search + b"\n" if "_msearch" in target else search
    with recorded(answer) as cluster, listening(settings_for(cluster.url), none_ours) as proxy:
        got = call(proxy.url, "POST", target, body, {"Authorization": signed})
        assert cluster.received.endswith(body)
    assert ("SigV4" in got.headers.get("x-ltrr-warning", "")) == warned


def test_a_client_that_hangs_up_cancels_the_engines_search() -> None:
    begun, cancelled = threading.Event(), threading.Event()

    class Slow:
        async def search(self, request: SearchRequest, index_key: str) -> Answer | None:
            begun.set()
            try:
                await asyncio.sleep(20)
            finally:
                cancelled.set()
            return None

    with listening(settings_for("http://127.0.0.1:1"), Slow()) as proxy:
        where = urlsplit(proxy.url)
        with socket.create_connection((where.hostname or "", where.port or 0)) as client:
            client.sendall(b"GET /shop/_search?q=red HTTP/1.1\r\nhost: x\r\n\r\n")
            assert begun.wait(5)
        assert cancelled.wait(5)
    assert proxy.metrics.value("ltrr_clients_gone_total") == 1


def test_a_stop_lets_a_running_search_finish() -> None:
    begun = threading.Event()

    class Slow:
        async def search(self, request: SearchRequest, index_key: str) -> Answer | None:
            begun.set()
            await asyncio.sleep(0.5)
            return Answer(200, (), b"{}")

    answers: list[int] = []
    with listening(settings_for("http://127.0.0.1:1"), Slow()) as proxy:
        url = proxy.url
        asking = threading.Thread(target=lambda: answers.append(call(url, "GET", "/shop/_search?q=red").status))
        asking.start()
        assert begun.wait(5)
    asking.join(5)
    assert answers == [200]
