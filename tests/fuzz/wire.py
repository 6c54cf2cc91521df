"""Raw bytes to a server, and what came back: how many answers, which, and whether the connection was still sound.

A connection that stays open after an answer gets one more, sound request with a marker of its own. Whatever answers
that request but itself was left over from the bad one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tests.fuzz.case import Case, request

PATIENCE_S = 20.0
"""No answer and no end within this is a hang."""
WAITED_S = 2.0
"""After this the sender of a request that may be incomplete hangs up its side."""
GRACE_S = 0.5
"""How long the node gets to answer what follows a bad request; it may leave a connection open and read no more."""


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


@dataclass
class Seen:
    """`answers` to the bad request, without that to the sentinel; `desync`: another answered that one."""

    answers: list[Answered] = field(default_factory=list)
    hung: bool = False
    desync: bool = False
    gave_up: bool = False
    """No answer came until the sender hung up its side."""
    closed: bool = False
    """The server closed the connection after its answer without having said so."""
    torn: bool = False
    """The last answer was cut off."""

    @property
    def statuses(self) -> list[int]:
        return [answer.status for answer in self.answers]


class Stream:
    """The answers on a connection, as far as they are complete."""

    def __init__(self, reader: asyncio.StreamReader, head_only: bool) -> None:
        self._reader = reader
        self._bodiless = head_only

    async def next(self) -> Answered | None:
        """None at the end; `asyncio.IncompleteReadError` where an answer is torn."""
        while True:
            head = await self._head()
            if head is None:
                return None
            first, *lines = head.split(b"\r\n")
            status = int(first.split(b" ", 2)[1])
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)
            }
            if status == 101:
                return Answered(status, headers, await self._reader.read())
            if status >= 200:
                bodiless = self._bodiless or status in (204, 304)
                self._bodiless = False
                return Answered(status, headers, b"" if bodiless else await self._body(headers))

    async def _head(self) -> bytes | None:
        try:
            return (await self._reader.readuntil(b"\r\n\r\n"))[:-4]
        except asyncio.IncompleteReadError as end:
            if end.partial:
                raise
            return None

    async def _body(self, headers: dict[bytes, bytes]) -> bytes:
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            return await self._chunks()
        if b"content-length" in headers:
            return await self._reader.readexactly(int(headers[b"content-length"]))
        return await self._reader.read()

    async def _chunks(self) -> bytes:
        body = b""
        while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        while await self._reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return body


async def converse(port: int, case: Case, grace_s: float = PATIENCE_S) -> Seen:
    """One connection for the case. `grace_s` is for what follows the first answer; past it, that is a hang."""
    seen = Seen()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    stream = Stream(reader, case.head_only)
    try:
        await asyncio.wait_for(_ask(stream, writer, case, seen), PATIENCE_S)
        if seen.answers:
            await asyncio.wait_for(_follow(stream, writer, case, seen), grace_s)
    except TimeoutError:
        seen.hung = True
    except asyncio.IncompleteReadError:
        seen.torn = True
    except ConnectionError:
        seen.closed = True  # which is an answer, too
    finally:
        writer.transport.abort()
    return seen


async def _ask(stream: Stream, writer: asyncio.StreamWriter, case: Case, seen: Seen) -> None:
    """The bad request and the first answer to it."""
    writer.write(case.raw)
    waiting = asyncio.ensure_future(stream.next())
    try:
        if case.waits:
            done, _ = await asyncio.wait((waiting,), timeout=WAITED_S)
            if not done:
                writer.write_eof()
                seen.gave_up = True
        first = await waiting
    finally:
        waiting.cancel()
    if first is not None:
        seen.answers.append(first)


async def _follow(stream: Stream, writer: asyncio.StreamWriter, case: Case, seen: Seen) -> None:
    """What comes after it: nothing where the connection ends, else the answer to a sound request."""
    closes = seen.answers[0].headers.get(b"connection", b"").lower() == b"close"
    if closes and case.head_only:
        return  # an error may have a body all the same: who cannot read a request does not know its method
    if sent := not (closes or seen.gave_up):
        writer.write(request("GET", case.place.sentinel, (b"Connection: close",)))
    own = b"sentinel-" + case.place.marker.encode() + b"]"
    last: Answered | None = None
    while (answer := await stream.next()) is not None:
        last = answer
        if own not in answer.body:
            seen.answers.append(answer)
    seen.closed = sent and last is None
    seen.desync = sent and last is not None and own not in last.body
