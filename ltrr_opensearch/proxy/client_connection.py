"""One connection of a client: requests are read as they come, pipelined ones wait, answers keep their order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import cast

import httptools

from ltrr_opensearch.cluster.connections import HIGH_WATER
from ltrr_opensearch.cluster.familiar import FamiliarRequests
from ltrr_opensearch.cluster.headers import head_bytes, header, without
from ltrr_opensearch.cluster.plain import plain_request
from ltrr_opensearch.proxy.exchange import Exchange, UnderWay
from ltrr_opensearch.proxy.failures import failure
from ltrr_opensearch.types import Headers

_log = logging.getLogger(__name__)

Shortcut = Callable[["ClientConnection", bytes], bool]
"""Shown the bytes of which a request might be the whole, before anybody reads them; True where it answers that."""
Handler = Callable[[Exchange], None]
"""Begins to answer a request; called from the event loop, must not block or raise."""

LARGEST_HEAD = 256 * 1024
"""Bytes of a request line and headers; OpenSearch's own limits are far below, and it should say so itself."""
PIPELINED = 16
"""Requests that may wait on a connection before it is not read any more."""
GRACE_S = 0.5
"""How long an idle connection is kept at a stop, for the request that may be on its way."""
LINGER_S = 5.0
"""How long a client that was answered early may go on sending what nobody wants, so that it sees its answer."""


class Refused(Exception):
    """A request that HTTP allows and we do not pass on."""


class ClientConnection(asyncio.Protocol):
    """`opened` and `closed` are told when it is; one whose TLS fails never was."""

    def __init__(
        self,
        handle: Handler,
        opened: Callable[[ClientConnection], None],
        closed: Callable[[ClientConnection], None],
        shortcut: Shortcut | None = None,
    ) -> None:
        self._handle = handle
        self._tell_opened = opened
        self._tell_closed = closed
        self._shortcut = shortcut
        self._loop = asyncio.get_running_loop()
        self.requests = FamiliarRequests()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._reading: Exchange | None = None
        self._current: UnderWay | None = None
        self._waiting: deque[Exchange] = deque()
        self._refused: str | None = None
        self._paused: set[str] = set()
        self.last = False
        """Whether the next answer is the last: no further request is taken."""
        self._discarding = False
        self._unsent: list[bytes] = []
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_size = 0
        self._bodiless = 0
        """Bytes that came since the last of a body: the lengths of chunks, and the headers behind them."""
        self.since = 0.0
        """When it last changed between busy, idle and sending a head; for whoever closes what is idle too long."""
        self.heard = 0.0
        """When the client last sent something, or could again."""
        self.full = False
        """Whether more waits for the client than should: who answers was told to stop."""
        self.took = 0.0
        """When the client was last seen to take something of what waits for it, or a full buffer began to wait."""
        self._written = 0
        self._taken = 0

    @property
    def awaits_body(self) -> bool:
        """Whether it is the client's turn to go on with a body that it began."""
        return self._reading is not None and not self._paused and not self._reading.awaits_invitation

    @property
    def busy(self) -> bool:
        return self._current is not None

    @property
    def idle(self) -> bool:
        """Whether it waits for a first byte of a next request."""
        return self._current is None and not self._head_size

    # the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self._tell_opened(self)
        self.since = self._loop.time()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._tell_closed(self)
        self._transport = None
        self._waiting.clear()
        current, self._current = self._current, None
        if current is not None:
            current.lost()

    def data_received(self, data: bytes) -> None:
        if self._discarding or self._refused is not None:
            return
        if self._current is None and not self._head_size and not self._waiting:
            if self._shortcut is not None and self._shortcut(self, data):
                return
            plain = plain_request(data)
            if plain is not None:
                self._current = exchange = Exchange(self, plain.method, plain.target, None, plain=plain)
                self._handle(exchange)
                return
        self.heard = self._loop.time()
        if self._reading is None:
            self._head_size += len(data)
        else:
            self._bodiless += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            self._refuse(str(error.__context__ or error))
        if max(self._head_size, self._bodiless) > LARGEST_HEAD:
            self._refuse(f"the request line and headers, or those behind a body, are longer than {LARGEST_HEAD} bytes")
        self._advance()

    def pause_writing(self) -> None:
        self.full, self.took = True, self._loop.time()
        if self._current is not None:
            self._current.client_full(True)

    def resume_writing(self) -> None:
        self.full = False
        if self._current is not None:
            self._current.client_full(False)

    # the parser

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay(data[upgrade.args[0] :])

    def _stay(self, rest: bytes) -> None:
        """We stay with HTTP/1.1, as a server may: the request is read again without the offer to change."""
        offered = self._waiting.pop()
        if offered.method == "CONNECT":
            raise httptools.HttpParserError("CONNECT is not for this server")
        headers = without(offered.headers, (b"connection", b"upgrade", b"http2-settings"))
        self._parser = httptools.HttpRequestParser(self)
        self._feed(head_bytes(f"{offered.method} {offered.target} HTTP/1.1".encode("latin-1"), headers) + rest)

    def on_message_begin(self) -> None:
        self._url, self._headers = b"", []
        self._head_size = max(1, self._head_size)
        if self._current is None:
            self.since = self._loop.time()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        version = self._parser.get_http_version()
        headers = tuple(self._headers)
        coding = header(headers, b"transfer-encoding")
        if version not in ("1.0", "1.1"):
            raise Refused(f"HTTP/{version} is not spoken here; HTTP/1.1 is")
        if coding is not None and coding.lower() != b"chunked":
            raise Refused("a body may only be encoded as chunked while it travels")
        expected = header(headers, b"expect")
        if expected is not None and expected.lower() != b"100-continue":
            raise Refused("the only expectation that can be met is 100-continue")
        self._headers, self._head_size = [], 0
        self._reading = Exchange(
            self,
            self._parser.get_method().decode(),
            self._url.decode("latin-1"),
            headers,
            http_10=version == "1.0",
            keep=self._parser.should_keep_alive(),
        )
        self._waiting.append(self._reading)

    def on_body(self, body: bytes) -> None:
        self._bodiless = 0
        if self._reading is not None:
            self._reading.arrived(body)

    def on_message_complete(self) -> None:
        read, self._reading, self._bodiless = self._reading, None, 0
        if read is not None:
            read.arrived_whole(tuple(self._headers))

    # requests in their order

    def _advance(self) -> None:
        while self._current is None and self._waiting and self._transport is not None:
            self._current = exchange = self._waiting.popleft()
            self.since = self._loop.time()
            self._handle(exchange)
        self.pause("pipeline", len(self._waiting) > PIPELINED)
        if self._current is None and self._refused is not None and self._transport is not None:
            self._answer_refusal(self._refused)

    def _refuse(self, why: str) -> None:
        """What follows cannot be read any more; requests before it are still answered."""
        self._refused = why
        broken, self._reading = self._reading, None
        if broken is None:
            return
        if broken is not self._current:
            self._waiting.remove(broken)
        elif not broken.answered:
            self._current = None
            broken.lost()
        else:
            self.break_off()

    def _answer_refusal(self, why: str) -> None:
        refused = failure(400, why)
        length = (b"content-length", b"%d" % len(refused.body))
        headers: Headers = (*refused.headers, length, (b"connection", b"close"))
        self.write(head_bytes(b"HTTP/1.1 400 Bad Request", headers) + refused.body)
        self.flush()
        self._linger()

    def answered(self, by: UnderWay, keep: bool) -> None:
        if by is not self._current:
            return
        self._current = None
        self.since = self._loop.time()
        if self._transport is None:
            return
        if self._paused:
            self.pause("body", False)
            self.pause("relay", False)
        if not keep:
            self._waiting.clear()
            self.last = True
            if by.read_whole:
                self._transport.close()
            else:
                self._linger()
        elif self._waiting or self._refused is not None:
            self._loop.call_soon(self._advance)
        elif self.last:  # the answer was begun before the stop, and did not say so
            self._loop.call_later(GRACE_S, self.close_if_idle)

    def close_if_idle(self) -> None:
        if self.idle and self._transport is not None:
            self._transport.close()

    def look(self, now: float) -> None:
        """Notes whether the client took something since the last look."""
        if self._transport is None:
            return
        taken = self._written - sum(map(len, self._unsent)) - self._transport.get_write_buffer_size()
        if taken > self._taken:
            self._taken, self.took = taken, now

    def break_off(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _linger(self) -> None:
        """Reads on without looking: closing now would take the answer from a client that is still sending."""
        assert self._transport is not None
        self._discarding = True
        for why in tuple(self._paused):
            self.pause(why, False)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._loop.call_later(LINGER_S, self._closed)

    def _closed(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # for exchanges

    def take(self, by: UnderWay) -> None:
        """From now on this answers what was read."""
        self._current = by

    def send(self, data: bytes) -> None:
        """At once; for whoever wrote nothing before."""
        if self._transport is not None:
            self._written += len(data)
            self._transport.write(data)

    def write(self, data: bytes) -> None:
        self._written += len(data)
        self._unsent.append(data)

    def flush(self) -> None:
        if self._transport is not None and self._unsent:
            self._transport.writelines(self._unsent)
        self._unsent = []

    def invited(self) -> None:
        self.heard = self._loop.time()

    def pause(self, why: str, paused: bool) -> None:
        was = bool(self._paused)
        if paused:
            self._paused.add(why)
        else:
            self._paused.discard(why)
        if self._transport is None or self._transport.is_closing() or was == bool(self._paused):
            return
        if self._paused:
            self._transport.pause_reading()
        else:
            self.heard = self._loop.time()
            self._transport.resume_reading()
