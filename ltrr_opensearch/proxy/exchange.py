"""One HTTP exchange with a client, over ASGI: raw target and headers in, one answer out, and its hanging up noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from ltrr_opensearch.cluster.headers import header
from ltrr_opensearch.types import Headers

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class HungUp(Exception):
    """The client went away before its answer was complete."""


class Exchange:
    """`target` is the raw path with its query, as the client spelled both."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._received = asyncio.Event()
        self.method: str = scope["method"]
        self.path: str = scope["raw_path"].decode("latin-1")
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers: Headers = tuple(scope["headers"])
        self.answered = False

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def header(self, name: bytes) -> bytes | None:
        return header(self.headers, name)

    @property
    def length(self) -> int | None:
        """Bytes of the body: 0 where there is none, None where the client does not say."""
        declared = self.header(b"content-length")
        if declared is not None:
            return int(declared)
        return None if self.header(b"transfer-encoding") else 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        more = not self._received.is_set()
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise HungUp
            more = message.get("more_body", False)
            if not more:
                self._received.set()
            if message["body"]:
                yield message["body"]

    async def read(self, limit: int) -> tuple[bytes, bool]:
        """The body, and whether that is all of it: reading stops once more than `limit` bytes are there."""
        read: list[bytes] = []
        size = 0
        if self.length == 0:
            self._received.set()
        async for chunk in self.chunks():
            read.append(chunk)
            size += len(chunk)
            if size > limit:
                break
        return b"".join(read), self._received.is_set()

    async def start(self, status: int, headers: Headers) -> None:
        self.answered = True
        await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def body(self, chunk: bytes, more: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        await self.start(status, (*headers, (b"content-length", str(len(body)).encode())))
        await self.body(body)

    @asynccontextmanager
    async def while_connected(self) -> AsyncIterator[None]:
        """Cancels what runs inside once the client hangs up, and raises `HungUp`."""
        task = asyncio.current_task()
        assert task is not None
        gone = False

        async def watch() -> None:
            nonlocal gone
            await self._received.wait()
            while (await self._receive())["type"] != "http.disconnect":
                pass
            gone = True
            task.cancel()

        watcher = asyncio.create_task(watch())
        try:
            yield
        except asyncio.CancelledError:
            if not gone:
                raise
            task.uncancel()
            raise HungUp from None
        finally:
            watcher.cancel()


def joined(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A body of which the head was already read."""

    async def both() -> AsyncIterator[bytes]:
        if head:
            yield head
        async for chunk in rest:
            yield chunk

    return both()
