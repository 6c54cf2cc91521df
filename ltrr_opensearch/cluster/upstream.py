"""The asynchronous way to the cluster: keeps method, raw target, headers, status; its callers decide what is said.

`send` is for requests that we write or read ourselves, with whole bodies, over lean connections of our own. `stream`
relays, byte for byte, both ways, through aiohttp.
Neither adds an identity of its own nor follows a redirect. Cancelling the awaiting task closes the connection, and
OpenSearch then cancels the search.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from errno import ETIMEDOUT
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from ltrr_opensearch.cluster.connections import Connections, Dropped, NoConnection, Origin, request_bytes
from ltrr_opensearch.cluster.headers import HOP_BY_HOP, header, hop_by_hop, without
from ltrr_opensearch.errors import SettingsError, Unreachable
from ltrr_opensearch.settings import ClusterSettings
from ltrr_opensearch.types import Headers

_ADDED_BY_AIOHTTP = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_REWRITTEN = HOP_BY_HOP | {b"host", b"content-length", b"accept-encoding"}
_OF_LENGTH = HOP_BY_HOP | {b"content-length"}
_PLAIN = (b"accept-encoding", b"identity")

Body = bytes | AsyncIterator[bytes] | None


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, in plain; its headers are the cluster's, without length and hop-by-hop ones."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class StreamedReply:
    """An answer whose body is still on its way, as the cluster encoded it."""

    status: int
    headers: Headers
    content: aiohttp.StreamReader


class UpstreamFailure(Unreachable):
    """No answer from the cluster. `status` is what a gateway says: 503 no connection, 502 it broke, 504 too late."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Upstream:
    def __init__(self, settings: ClusterSettings) -> None:
        self._settings = settings
        self._origin = settings.url.rstrip("/")
        self._opened: aiohttp.ClientSession | None = None
        self._connections: Connections | None = None

    async def open(self) -> None:
        """Opens the pool; no connection is made yet. Must run in the loop that will use it."""
        if self._opened is not None:
            return
        connect_s = self._settings.timeout_ms / 1000
        tls = _tls(self._settings)
        self._connections = Connections(_origin(self._origin, tls), self._settings.pool_size, connect_s)
        self._opened = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._settings.pool_size, ssl=tls),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_ADDED_BY_AIOHTTP,
            # a search may run for as long as its client waits; only getting a connection is bounded
            timeout=aiohttp.ClientTimeout(total=None, connect=connect_s, sock_connect=connect_s),
        )

    async def close(self) -> None:
        if self._connections is not None:
            self._connections.close()
            self._connections = None
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply:
        """Asks and reads the whole answer. `target` is the raw path with its query.

        For requests that may be repeated: one that meets a connection which the cluster was just closing is sent
        again, once. Raises `UpstreamFailure`.
        """
        sent = without(headers, _REWRITTEN)
        if body and header(sent, b"content-type") is None:
            sent = (*sent, (b"content-type", b"application/json"))
        parts = urlsplit(self._origin)
        request = request_bytes(method, parts.path + target, parts.netloc.rpartition("@")[2], (*sent, _PLAIN), body)
        with _failures(self._origin):
            try:
                received = await self._pool.exchange(request)
            except Dropped:
                received = await self._pool.exchange(request)
        return Reply(received.status, without(received.headers, _OF_LENGTH), received.body)

    @asynccontextmanager
    async def stream(
        self, method: str, target: str, headers: Headers, body: Body = None
    ) -> AsyncIterator[StreamedReply]:
        """Relays a request as it came, but for `Host` and hop-by-hop headers; the answer is read while it arrives.

        A body given as an iterator is sent chunk by chunk, with the client's `Content-Length` where it gave one.
        Raises `UpstreamFailure` until the reply's headers are there, and while its content is read.
        """
        sent = without(headers, hop_by_hop(headers) | {b"host"})
        with _failures(self._origin):
            async with self._session.request(
                method,
                URL(self._origin + target, encoded=True),
                headers=_as_text(sent),
                data=body if body is None or isinstance(body, bytes) else _Once(body),
                allow_redirects=False,
            ) as response:
                kept = without(response.raw_headers, hop_by_hop(response.raw_headers))
                yield StreamedReply(response.status, kept, response.content)

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            raise self._not_open()
        return self._opened

    @property
    def _pool(self) -> Connections:
        if self._connections is None:
            raise self._not_open()
        return self._connections

    def _not_open(self) -> UpstreamFailure:
        return UpstreamFailure(503, f"the connection pool to {self._origin} is not open")


class _Once:
    """A body that cannot be sent twice: aiohttp would repeat an idempotent request with what is left of it."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks: AsyncIterator[bytes] | None = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        if self._chunks is None:
            raise aiohttp.ServerDisconnectedError
        chunks, self._chunks = self._chunks, None
        return chunks


@contextmanager
def _failures(origin: str) -> Iterator[None]:
    """Turns what connections raise into `UpstreamFailure`."""
    try:
        yield
    except (NoConnection, aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise UpstreamFailure(503, f"no connection to the cluster at {origin}: {error}") from error
    except TimeoutError as error:
        raise UpstreamFailure(504, f"the cluster at {origin} did not answer in time") from error
    except (ConnectionError, aiohttp.ClientError) as error:
        if isinstance(error, OSError) and error.errno == ETIMEDOUT:  # as aiohttp wraps the network's own
            raise UpstreamFailure(504, f"the cluster at {origin} did not answer in time") from error
        raise UpstreamFailure(502, f"the connection to the cluster at {origin} broke: {error}") from error


def _as_text(headers: Headers) -> list[tuple[str, str]]:
    return [(key.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for key, value in headers]


def _origin(url: str, tls: ssl.SSLContext | bool) -> Origin:
    parts = urlsplit(url)
    if parts.scheme != "https":
        return Origin(parts.hostname or "", parts.port or 80, None)
    return Origin(parts.hostname or "", parts.port or 443, tls if isinstance(tls, ssl.SSLContext) else _context(tls))


def _context(verified: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _tls(settings: ClusterSettings) -> ssl.SSLContext | bool:
    if not settings.verify_certs:
        return False
    if settings.ca_certs is None:
        return True
    try:
        return ssl.create_default_context(cafile=settings.ca_certs)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"cluster.ca_certs: cannot read authorities from {settings.ca_certs!r} ({error}); give a PEM file"
        ) from error
