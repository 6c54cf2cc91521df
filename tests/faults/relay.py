"""A relay before the real node that fails as networks, nodes and clusters do, for the requests that a test names.

It runs in a thread and a loop of its own, so that tests may do what they like with theirs.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from ltrr_opensearch.types import Json
from tests.faults.asked import Asked

NOW = struct.pack("ii", 1, 0)
"""SO_LINGER that makes closing a socket reset its connection."""


@dataclass(frozen=True)
class Fault:
    """What happens to a request. With `status` it is answered so, else the connection is the fault."""

    kind: str
    """slow, hang, reset, truncate or status"""
    seconds: float = 0.0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)


SLOW = Fault("slow", seconds=0.8)
HANG = Fault("hang")
RESET = Fault("reset")
TRUNCATE = Fault("truncate")


def answers(status: int, **headers: str) -> Fault:
    """The cluster, or a gateway before it, answers with an error."""
    cause = {"type": "rejected_execution_exception", "reason": "made up"}
    body = {"error": {"root_cause": [cause], **cause}, "status": status}
    return Fault("status", status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=body)


Which = Callable[[Asked], bool]


class FaultRelay:
    def __init__(self, node: str, port: int = 0) -> None:
        self.seen: list[Asked] = []
        self._node = node.rstrip("/")
        self._port = port
        self._fault: tuple[Fault, Which] | None = None
        self._loop = asyncio.new_event_loop()
        self._healed = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._runner: web.ServerRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    def __enter__(self) -> FaultRelay:
        self._thread.start()
        self._call(self._open())
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()
        self._call(self._closed())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def fail(self, fault: Fault, which: Which = lambda _: True) -> None:
        """From now on, the requests that `which` names meet the fault."""
        self._fault = (fault, which)
        self._loop.call_soon_threadsafe(self._healed.clear)

    def heal(self) -> None:
        self._fault = None
        self._loop.call_soon_threadsafe(self._healed.set)
        self.up()

    def down(self) -> None:
        """Nobody listens, and connections break: a node that stops."""
        if self._runner:
            runner, self._runner = self._runner, None
            self._call(runner.cleanup())

    def up(self) -> None:
        """Listens, on the same port as before."""
        if self._runner is None:
            self._call(self._listen())

    def _call(self, coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _open(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector, auto_decompress=False, skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent")
        )

    async def _closed(self) -> None:
        if self._session:
            await self._session.close()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _listen(self) -> None:
        server = web.Server(self._handle, handler_cancellation=True)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        assert site._server
        self._port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.content.read()
        asked = Asked(request.method, request.raw_path, raw)
        self.seen.append(asked)
        fault = self._fault[0] if self._fault and self._fault[1](asked) else None
        if fault is None:
            return await self._forward(request, raw)
        match fault.kind:
            case "slow":
                await asyncio.sleep(fault.seconds)
                return await self._forward(request, raw)
            case "hang":
                await self._healed.wait()  # nobody shall wait for a timeout when the test is over with it
                _reset(request)
            case "reset":
                _reset(request)
            case "truncate":
                return await self._forward(request, raw, half=True)
        return web.json_response(fault.body, status=fault.status or 500, headers=fault.headers)

    async def _forward(self, request: web.BaseRequest, raw: bytes, half: bool = False) -> web.StreamResponse:
        assert self._session
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
        async with self._session.request(
            request.method, self._node + request.raw_path, data=raw or None, headers=headers, allow_redirects=False
        ) as reply:
            body = await reply.read()
            skipped = ("content-length", "transfer-encoding")
            kept = {k: v for k, v in reply.headers.items() if k.lower() not in skipped}
            if not half:
                return web.Response(status=reply.status, headers=kept, body=body)
            answer = web.StreamResponse(status=reply.status, headers=kept)
            answer.content_length = len(body)
            await answer.prepare(request)
            with suppress(ConnectionError):
                await answer.write(body[: len(body) // 2])
            _reset(request)
            return answer


def _reset(request: web.BaseRequest) -> None:
    transport = request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOW)
        transport.abort()
