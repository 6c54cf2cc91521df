"""The asynchronous way to the cluster: keeps method, raw target, headers, status; its callers decide what is said.

`send` is for requests that we write or read ourselves, with whole bodies; `proxy/relay.py` sends a client's own
request on over the same `nodes`. Neither adds an identity of its own nor follows a redirect. Cancelling the awaiting
task closes the connection, and OpenSearch then cancels the search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from errno import ETIMEDOUT
from ssl import SSLContext
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ltrr_opensearch.cluster.connections import NoConnection, Origin
from ltrr_opensearch.cluster.headers import HOP_BY_HOP, head_bytes, header, without
from ltrr_opensearch.cluster.nodes import Nodes
from ltrr_opensearch.cluster.sigv4 import Signer
from ltrr_opensearch.cluster.tls import to_cluster
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.settings import ClusterSettings
from ltrr_opensearch.types import Headers

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

_REWRITTEN = HOP_BY_HOP | {b"host", b"content-length", b"accept-encoding"}
_OF_LENGTH = HOP_BY_HOP | {b"content-length"}
_PLAIN = (b"accept-encoding", b"identity")
_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, in plain; its headers are the cluster's, without length and hop-by-hop ones."""

    status: int
    headers: Headers
    body: bytes


class UpstreamFailure(Unreachable):
    """No answer from the cluster. `status` is what a gateway says: 503 no connection, 502 it broke, 504 too late."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Upstream:
    traces = False
    """Whether `relaying` wants to be told."""

    def __init__(self, settings: ClusterSettings) -> None:
        """Raises `SettingsError` for certificates that cannot be used."""
        self._settings = settings
        self._urls = settings.urls
        self.origins = origins(settings)
        self._signer = Signer(settings.sigv4) if settings.sigv4 else None
        self._opened: Nodes | None = None

    async def open(self) -> None:
        """Opens the pool; no connection is made yet. Must run in the loop that will use it."""
        if self._opened is None:
            s = self._settings
            connect_s = (s.timeout_ms if len(self._urls) == 1 else min(s.connect_ms, s.timeout_ms)) / 1000
            self._opened = Nodes(self.origins, s.pool_size, connect_s, s.retry_ms / 1000)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    @property
    def nodes(self) -> Nodes:
        if self._opened is None:
            raise UpstreamFailure(503, f"the connection pool to {self.name} is not open")
        return self._opened

    @property
    def signer(self) -> Signer | None:
        """Signs with our own AWS role, where that is wanted."""
        return self._signer

    @property
    def name(self) -> str:
        """The cluster's address or addresses, for messages."""
        return ", ".join(self._urls)

    def relaying(self, method: str, path: str, headers: Headers) -> Callable[[], None] | None:
        """Told of a client's own request that is about to be sent on; what it returns is called when that is over."""

    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply:
        """Asks and reads the whole answer. `target` is the raw path with its query.

        For requests that may be repeated: one that meets a connection which the cluster was just closing, or a node
        that died, is sent again. Raises `UpstreamFailure`.
        """
        sent = without(headers, _REWRITTEN)
        if body and header(sent, _JSON[0]) is None:
            sent = (*sent, _JSON)
        key = await self.key() if self._signer else None

        def request(origin: Origin) -> bytes:
            named = (*sent, _PLAIN)
            if self._signer and key:
                named = self._signer.signed(key, method, origin, target, named, body)
            return request_bytes(method, target, origin, named, body)

        with self.failures():
            received = await self.nodes.exchange(request, bodiless=method == "HEAD")
        return Reply(received.status, without(received.headers, _OF_LENGTH), received.body)

    async def key(self) -> ReadOnlyCredentials:
        """What we sign with. Raises `UpstreamFailure` while there is none."""
        assert self._signer is not None
        try:
            return await self._signer.key()
        except Unreachable as error:
            raise UpstreamFailure(503, str(error)) from error

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Turns what connections raise into `UpstreamFailure`."""
        try:
            yield
        except ConnectionError as error:
            raise failure_of(error, self.name) from error


def failure_of(error: ConnectionError, name: str) -> UpstreamFailure:
    if isinstance(error, NoConnection):
        return UpstreamFailure(503, f"no connection to the cluster at {name}: {error}")
    if error.errno == ETIMEDOUT:
        return UpstreamFailure(504, f"the cluster at {name} did not answer in time")
    return UpstreamFailure(502, f"the connection to the cluster at {name} broke: {error}")


def request_bytes(method: str, target: str, origin: Origin, headers: Headers, body: bytes) -> bytes:
    """The request as it travels to a node. A line break in any part is refused."""
    first = f"{method} {origin.path}{target} HTTP/1.1".encode()
    sent: Sequence[tuple[bytes, bytes]] = ((b"host", origin.authority), *headers)
    if body or method not in ("GET", "HEAD"):
        sent = (*sent, (b"content-length", b"%d" % len(body)))
    return head_bytes(first, sent) + body


def origins(settings: ClusterSettings) -> list[Origin]:
    """The nodes of a configuration. Raises `SettingsError` for certificates that cannot be used."""
    tls = to_cluster(settings) if any(url.startswith("https") for url in settings.urls) else None
    return [_origin(url, settings, tls) for url in settings.urls]


def _origin(url: str, settings: ClusterSettings, tls: SSLContext | None) -> Origin:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    return Origin(
        host=parts.hostname or "",
        port=parts.port or (443 if secure else 80),
        tls=tls if secure else None,
        authority=parts.netloc.encode(),
        path=parts.path.rstrip("/"),
        tls_name=settings.tls_server_name if secure else None,
    )
