"""A relay between the proxy and the node that reads every request as strictly as HTTP allows, and keeps its target.

What it cannot read without doubt is kept as a violation: there the node may see another request than the proxy.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

_LINE = re.compile(rb"[A-Z-]+ [\x21-\x7e\x80-\xff]+ HTTP/1\.1")
_HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*")


class Witness:
    def __init__(self, node_port: int) -> None:
        self._node_port = node_port
        self.targets: list[bytes] = []
        self.violations: list[str] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._relaying: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=2**22)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        if self._server:
            self._server.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._relay(reader, writer))
        self._relaying.add(task)
        task.add_done_callback(self._relaying.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            back, forth = await asyncio.open_connection("127.0.0.1", self._node_port)
            answers = asyncio.ensure_future(_copy(back, writer))
            try:
                while await self._one(reader, forth):
                    pass
            except (asyncio.IncompleteReadError, ConnectionError):
                pass  # the proxy gave a request up
            except (ValueError, asyncio.LimitOverrunError) as odd:
                self.violations.append(str(odd))
            finally:
                forth.close()
                await answers

    async def _one(self, reader: asyncio.StreamReader, forth: asyncio.StreamWriter) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as end:
            if end.partial and b"\n" in end.partial:
                raise ValueError(f"a head that never ended: {end.partial[:200]!r}") from end
            return False
        first, *lines = head[:-4].split(b"\r\n")
        if not _LINE.fullmatch(first):
            raise ValueError(f"request line {first[:200]!r}")
        for line in lines:
            if not _HEADER.fullmatch(line):
                raise ValueError(f"header {line[:200]!r} of {first[:100]!r}")
        self.targets.append(first.split(b" ")[1])
        forth.write(head)
        await self._body(reader, forth, lines, first)
        await forth.drain()
        return True

    async def _body(
        self, reader: asyncio.StreamReader, forth: asyncio.StreamWriter, lines: list[bytes], first: bytes
    ) -> None:
        def values(name: bytes) -> list[bytes]:
            return [line.partition(b":")[2].strip() for line in lines if line.partition(b":")[0].lower() == name]

        lengths, codings = values(b"content-length"), values(b"transfer-encoding")
        if len(lengths) + len(codings) > 1 or len(values(b"host")) != 1:
            raise ValueError(f"{first[:100]!r} has lengths {lengths}, codings {codings}, hosts {values(b'host')}")
        if lengths:
            if not re.fullmatch(rb"\d{1,19}", lengths[0]):
                raise ValueError(f"length {lengths[0]!r} of {first[:100]!r}")
            await _pass(reader, forth, int(lengths[0]))
        elif codings:
            if codings[0].lower() != b"chunked":
                raise ValueError(f"coding {codings[0]!r} of {first[:100]!r}")
            await _chunks(reader, forth)


async def _chunks(reader: asyncio.StreamReader, forth: asyncio.StreamWriter) -> None:
    while True:
        line = await reader.readuntil(b"\r\n")
        if not re.fullmatch(rb"[0-9a-fA-F]{1,15}\r\n", line):
            raise ValueError(f"chunk size {line[:100]!r}")
        forth.write(line)
        size = int(line, 16)
        if size == 0:
            break
        await _pass(reader, forth, size)
        end = await reader.readexactly(2)
        if end != b"\r\n":
            raise ValueError(f"chunk end {end!r}")
        forth.write(end)
    while (trailer := await reader.readuntil(b"\r\n")) != b"\r\n":
        if not _HEADER.fullmatch(trailer[:-2]):
            raise ValueError(f"trailer {trailer[:100]!r}")
        forth.write(trailer)
    forth.write(b"\r\n")


async def _pass(reader: asyncio.StreamReader, forth: asyncio.StreamWriter, size: int) -> None:
    while size:
        part = await reader.read(min(size, 65_536))
        if not part:
            raise asyncio.IncompleteReadError(b"", size)
        forth.write(part)
        await forth.drain()
        size -= len(part)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    writer.close()
