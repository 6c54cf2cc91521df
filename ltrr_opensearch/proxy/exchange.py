"""One request of a client and the one answer it gets: what arrives is handed on, its hanging up is noticed.

Who answers reads the body in one of two ways: by pulling (`read`, `chunks`), or as a `BodySink` that is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Protocol

from ltrr_opensearch.cluster.headers import head_bytes, header
from ltrr_opensearch.cluster.plain import PlainRequest
from ltrr_opensearch.types import Headers

HELD = 256 * 1024
"""Bytes of a body that nobody reads yet; with more, the client is made to wait."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}


class HungUp(Exception):
    """The client went away before its answer was complete."""


class Client(Protocol):
    """The connection that a request came on; `last`: it takes no further one."""

    last: bool

    def write(self, data: bytes) -> None:
        """Sent with the next `flush`."""

    def flush(self) -> None: ...
    def invited(self) -> None:
        """From now on it is the client's turn to send the body that it held back."""

    def pause(self, why: str, paused: bool) -> None:
        """Whether to stop reading, for this reason; reading goes on when no reason is left."""

    def answered(self, by: UnderWay, keep: bool) -> None:
        """The answer is written; `keep` tells whether another request may follow."""

    def break_off(self) -> None:
        """Half an answer is written and no more will come: only a broken connection can tell it."""


class UnderWay(Protocol):
    """What a connection is answered by, or is about to be."""

    read_whole: bool
    """Whether all of the request has arrived."""

    def lost(self) -> None:
        """The client is gone, or what it sends is no HTTP any more."""

    def client_full(self, full: bool) -> None:
        """Whether more waits for the client than should."""


class BodySink(Protocol):
    def more(self, chunk: bytes) -> None: ...
    def complete(self) -> None:
        """All has arrived, also while it is still held."""

    def gone(self) -> None: ...
    def hold_answer(self, held: bool) -> None:
        """Whether the answer should wait until the client has taken more of it."""


class Exchange:
    """`target` is the raw path with its query, as the client spelled both."""

    def __init__(
        self,
        client: Client,
        method: str,
        target: str,
        headers: Headers | None,
        http_10: bool = False,
        keep: bool = True,
        plain: PlainRequest | None = None,
    ) -> None:
        """`plain` is the whole request where its bytes may travel as they are; its headers are read when asked for."""
        self.method = method
        self.target = target
        self.path, _, self.query = target.partition("?")
        self.plain = plain
        self._headers = headers
        self.answered = False
        """Whether an answer was begun."""
        self.read_whole = False
        self.trailers: Headers = ()
        self._client = client
        self._http_10 = http_10
        self._keep = keep
        self._chunked = False
        self._gone = False
        self._sink: BodySink | None = None
        self._flowing = False
        self._held: list[bytes] = []
        self._held_size = 0
        self._arrival: asyncio.Future[None] | None = None
        self._cancelled_if_gone: asyncio.Task[None] | None = None
        self._invited = False
        if plain is not None:
            self.read_whole = True
            if len(plain.data) > plain.head:
                self._held.append(plain.data[plain.head :])

    @property
    def headers(self) -> Headers:
        if self._headers is None:
            self._headers = self.plain.headers if self.plain is not None else ()
        return self._headers

    @property
    def stays(self) -> bool:
        """Whether the connection takes further requests."""
        return self._keep and not self._client.last

    def header(self, name: bytes) -> bytes | None:
        return header(self.headers, name)

    @property
    def length(self) -> int | None:
        """Bytes of the body: 0 where there is none, None where the client does not say."""
        declared = self.header(b"content-length")
        if declared is not None:
            return int(declared)
        return None if self.header(b"transfer-encoding") else 0

    @property
    def awaits_invitation(self) -> bool:
        """Whether the client holds its body back until somebody says `100 Continue`."""
        if self._invited or self.read_whole or self._held:
            return False
        return (self.header(b"expect") or b"").lower() == b"100-continue"

    # what arrives, told by the connection

    def arrived(self, chunk: bytes) -> None:
        if self._flowing and self._sink is not None:
            self._sink.more(chunk)
            return
        self._held.append(chunk)
        self._held_size += len(chunk)
        if self._held_size > HELD:
            self._client.pause("body", True)
        self._notify()

    def arrived_whole(self, trailers: Headers) -> None:
        self.read_whole, self.trailers = True, trailers
        if self._sink is not None:
            self._sink.complete()
        self._notify()

    def lost(self) -> None:
        self._gone = True
        if self._sink is not None:
            self._sink.gone()
        if self._cancelled_if_gone is not None:
            self._cancelled_if_gone.cancel()
        self._notify()

    def client_full(self, full: bool) -> None:
        if self._sink is not None:
            self._sink.hold_answer(full)

    # reading the body

    def watch(self, sink: BodySink) -> None:
        """Tells the sink whether the client is there and takes its answer; the body is held until `flow`."""
        self._sink = sink
        if self._gone:
            sink.gone()

    def flow(self) -> None:
        """Hands the body to the sink from now on; what is held already is to be taken with `taken`."""
        self._flowing = True

    def wait(self, waits: bool) -> None:
        """Whether the client should stop sending for a while."""
        self._client.pause("relay", waits)

    def taken(self) -> bytes:
        """What arrived and nobody took yet."""
        held = b"".join(self._held)
        self._held.clear()
        if self._held_size > HELD:
            self._client.pause("body", False)
        self._held_size = 0
        return held

    def invite(self) -> None:
        if self.awaits_invitation:
            self._client.write(CONTINUE)
            self._client.flush()
            self._client.invited()
        self._invited = True

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises `HungUp`."""
        self.invite()
        while True:
            if self._held:
                yield self.taken()
            elif self.read_whole:
                return
            elif self._gone:
                raise HungUp
            else:
                self._arrival = asyncio.get_running_loop().create_future()
                await self._arrival

    async def read(self, limit: int) -> tuple[bytes, bool]:
        """The body, and whether that is all of it: reading stops once more than `limit` bytes are there."""
        read: list[bytes] = []
        size = 0
        async for chunk in self.chunks():
            read.append(chunk)
            size += len(chunk)
            if size > limit:
                break
        return b"".join(read), self.read_whole

    def _notify(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    @asynccontextmanager
    async def while_connected(self) -> AsyncIterator[None]:
        """Cancels what runs inside once the client hangs up, and raises `HungUp`."""
        self._there()
        task = asyncio.current_task()
        assert task is not None
        self._cancelled_if_gone = task
        try:
            yield
        except asyncio.CancelledError:
            if not self._gone:
                raise
            task.uncancel()
            raise HungUp from None
        finally:
            self._cancelled_if_gone = None

    # the answer

    def inform(self, status: int, reason: bytes, headers: Headers) -> None:
        """An answer before the answer, as 100 Continue; HTTP/1.0 knows none."""
        self._invited = True
        self._client.invited()
        if not self._http_10:
            self._client.write(head_bytes(b"HTTP/1.1 %d %b" % (status, reason), headers))
            self._client.flush()

    def begin(self, status: int, headers: Headers, sized: bool, reason: bytes | None = None) -> None:
        """`sized`: the headers tell the length. Where nobody does, the body goes in chunks, or ends the connection.

        A request that is not wholly read yet may not be followed by another.
        """
        self.answered = True
        bare = sized or self.method == "HEAD" or status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        self._chunked = not bare and not self._http_10
        self._keep = self.stays and self.read_whole and (bare or self._chunked)
        sent = list(headers)
        if self._chunked:
            sent.append((b"transfer-encoding", b"chunked"))
        if not self._keep:
            sent.append((b"connection", b"close"))
        elif self._http_10:
            sent.append((b"connection", b"keep-alive"))
        phrase = _PHRASES.get(status, b"") if reason is None else reason
        self._client.write(head_bytes(b"HTTP/1.1 %d %b" % (status, phrase), sent))

    def write(self, chunk: bytes) -> None:
        if chunk:
            self._client.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._chunked else chunk)

    def pass_on(self, data: bytes, last: bool) -> None:
        """A piece of an answer as it came, head and all."""
        self.answered = True
        self._client.write(data)
        self._client.flush()
        if last:
            self._client.answered(self, self.stays)

    def flush(self) -> None:
        """Sends what was written; head and body of a small answer travel together."""
        self._client.flush()

    def end(self, trailers: Headers = ()) -> None:
        if self._chunked:
            self._client.write(last_chunk(trailers))
        self._client.flush()
        self._client.answered(self, self._keep)

    def break_off(self) -> None:
        self._client.break_off()

    def _there(self) -> None:
        if self._gone:
            raise HungUp

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer of ours. Raises `HungUp` where nobody is left to read it."""
        self._there()
        self.reply(status, headers, body)

    def reply(self, status: int, headers: Headers, body: bytes) -> None:
        self.begin(status, (*headers, (b"content-length", b"%d" % len(body))), sized=True)
        if self.method != "HEAD":
            self.write(body)
        self.end()


def last_chunk(trailers: Headers) -> bytes:
    return head_bytes(b"0", trailers)
