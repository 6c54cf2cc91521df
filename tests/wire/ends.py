"""Both ends of a proxy, byte by byte: a client on a bare socket, and a cluster that answers by a script."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.settings import ClusterSettings, ServeSettings, Settings
from ltrr_opensearch.types import Answer, SearchRequest

PATIENCE_S = 20
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def none_ours(_: SearchRequest) -> Answer | None:
    return None


def settings_for(url: str, serve: ServeSettings | None = None, **cluster: object) -> Settings:
    return Settings(
        serve=serve or ServeSettings(),
        cluster=ClusterSettings.model_validate({"url": url, **cluster}),
        indexes={"shop": IndexSettings(text_fields={"title": 1.0})},
    )


class Wire:
    """A connection that is written to and read from as one likes."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        where = urlsplit(url)
        plain = socket.create_connection((where.hostname or "", where.port or 0), timeout=PATIENCE_S)
        self.socket = tls.wrap_socket(plain, server_hostname=where.hostname) if tls else plain
        self.read = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until(self, end: bytes) -> bytes:
        """What comes up to and with these bytes."""
        while end not in self.read:
            if not (chunk := self.socket.recv(65536)):
                raise ConnectionError(f"closed after {self.read!r}")
            self.read += chunk
        at = self.read.index(end) + len(end)
        found, self.read = self.read[:at], self.read[at:]
        return found

    def answer(self) -> tuple[bytes, bytes]:
        """Head and body of an answer with a length."""
        head = self.until(b"\r\n\r\n")
        length = _LENGTH.search(head)
        return head, self.bytes(int(length[1]) if length else 0)

    def bytes(self, count: int) -> bytes:
        while len(self.read) < count:
            if not (chunk := self.socket.recv(65536)):
                raise ConnectionError(f"closed after {self.read!r}")
            self.read += chunk
        found, self.read = self.read[:count], self.read[count:]
        return found

    def ended(self) -> bool:
        """Whether the other side closes, and says nothing more."""
        return self.read + self.socket.recv(65536) == b""


Converse = Callable[[Wire], None]


class _Accepted(Wire):
    def __init__(self, accepted: socket.socket) -> None:
        self.socket = accepted
        self.read = b""


@contextmanager
def cluster(converse: Converse, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[str]:
    """Runs the script once a connection; it may end by an exception of the socket."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, 0), family=family)
    open_now: list[socket.socket] = []

    def one(accepted: socket.socket) -> None:
        with suppress(OSError), accepted:
            inner = tls.wrap_socket(accepted, server_side=True) if tls else accepted
            open_now.append(inner)
            inner.settimeout(PATIENCE_S)
            with inner:
                converse(_Accepted(inner))

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    scheme, shown = "https" if tls else "http", f"[{host}]" if ":" in host else host
    try:
        yield f"{scheme}://{shown}:{listening.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for each in open_now:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def always(answer: bytes, received: list[bytes] | None = None) -> Converse:
    """Answers every request that has a length or no body; the readiness question is not kept."""

    def converse(wire: Wire) -> None:
        while True:
            head, body = wire.answer()
            ready = head.partition(b" HTTP")[0].endswith(b"/")
            if received is not None and not ready:
                received.append(head + body)
            wire.send(OK if ready else answer)

    return converse
