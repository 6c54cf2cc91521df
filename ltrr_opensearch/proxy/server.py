"""Two servers in one loop: the proxy's port and the operator's. SIGTERM lets running requests finish, then stops."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from ltrr_opensearch.errors import LtrrError, SettingsError
from ltrr_opensearch.proxy.admin import AdminApp
from ltrr_opensearch.proxy.app import ProxyApp
from ltrr_opensearch.proxy.health import Readiness

DRAIN_S = 30
"""Longest time that running requests get to finish."""
IDLE_S = 600
"""OpenSearch does not close idle connections; clients that keep theirs should not find ours closed."""
BACKLOG = 2048
NOT_STARTED = "the proxy could not start; the log says why"

Ready = Callable[[Readiness], None]


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which two servers in a loop would take from each other."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.tried = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit as refused:  # how newer versions end when the application cannot start
            raise LtrrError(NOT_STARTED) from refused
        self.tried.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A bound socket; port 0 takes a free one."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingsError(f"{setting}: cannot listen on {host}:{port} ({error}); choose another") from error
    bound.setblocking(False)
    return bound


class Servers:
    """Both servers: `run` returns after `stop`, when running requests have finished."""

    def __init__(self, proxy: ProxyApp, admin: AdminApp) -> None:
        self._health = admin.health
        self._front = _server(proxy, lifespan="on")
        self._back = _server(admin, lifespan="off")

    def stop(self) -> None:
        self._health.stopping = True
        self._front.should_exit = True

    async def run(self, public: socket.socket, operators: socket.socket, ready: Ready) -> None:
        """`ready` is told once, when the proxy's port answers."""
        beside = asyncio.create_task(self._back.serve(sockets=[operators]))
        told = asyncio.create_task(self._tell(ready))
        try:
            await self._front.serve(sockets=[public])
        finally:
            self._back.should_exit = True
            told.cancel()
            await beside
        if not self._front.started:
            raise LtrrError(NOT_STARTED)

    async def _tell(self, ready: Ready) -> None:
        await self._front.tried.wait()
        if self._front.started:
            ready(await self._health.ready())


async def serve_until_signalled(
    servers: Servers, public: socket.socket, operators: socket.socket, ready: Ready
) -> None:
    """Serves until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, servers.stop)
    await servers.run(public, operators, ready)


def _server(app: Any, lifespan: Any) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            lifespan=lifespan,
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=DRAIN_S,
        )
    )
