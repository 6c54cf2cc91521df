"""Two servers in one loop: the proxy's port and the operator's. SIGTERM lets running requests finish, then stops."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ssl import SSLContext

from ltrr_opensearch.errors import LtrrError, SettingsError
from ltrr_opensearch.proxy.admin import AdminApp
from ltrr_opensearch.proxy.app import ProxyApp
from ltrr_opensearch.proxy.health import Readiness
from ltrr_opensearch.proxy.http_server import HttpServer

_log = logging.getLogger(__name__)

BACKLOG = 2048
NOT_STARTED = "the proxy could not start; the log says why"

Ready = Callable[[Readiness], None]


def listen(host: str, port: int, setting: str, *, shared: bool = False) -> socket.socket:
    """A bound socket; port 0 takes a free one, `::` listens on IPv4 as well.

    A `shared` address may be bound again; the kernel deals its connections out.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        both = address[0] == "::" and socket.has_dualstack_ipv6()
        bound = socket.create_server(
            address[:2], family=family, backlog=BACKLOG, reuse_port=shared, dualstack_ipv6=both
        )
    except OSError as error:
        raise SettingsError(f"{setting}: cannot listen on {host}:{port} ({error}); choose another") from error
    bound.setblocking(False)
    return bound


class Servers:
    """Both servers: `run` returns after `stop`, when running requests have finished.

    One process of several has no port for operators: the one that started it answers them.
    """

    def __init__(self, proxy: ProxyApp, admin: AdminApp, tls: SSLContext | None = None) -> None:
        """`tls` is what the proxy's port speaks; None for plain HTTP."""
        self._proxy = proxy
        self._health = admin.health
        self._front = HttpServer(proxy, tls, proxy.straight.begin if proxy.straight else None)
        self._back = HttpServer(admin)
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._health.stopping = True
        self._stopped.set()

    async def run(self, public: socket.socket, operators: socket.socket | None, ready: Ready) -> None:
        """`ready` is told once, when the proxy's port answers."""
        if operators is not None:
            await self._back.start(operators)
        try:
            async with self._started():
                await self._front.start(public)
                telling = asyncio.create_task(self._tell(ready))
                try:
                    await self._stopped.wait()
                finally:
                    telling.cancel()
                    await self._front.stop()
        finally:
            await self._back.stop()

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[None]:
        running = self._proxy.running()
        try:
            await running.__aenter__()
        except Exception as error:
            bug = None if isinstance(error, LtrrError) else error
            _log.error("the proxy cannot start: %s", error, exc_info=bug)
            raise LtrrError(NOT_STARTED) from error
        try:
            yield
        finally:
            await running.__aexit__(None, None, None)

    async def _tell(self, ready: Ready) -> None:
        ready(await self._health.ready())


def settle() -> None:
    """Takes all that is there now, and stays, out of the garbage collector's sight.

    A full collection walks half a million objects once an encoder is loaded, and nothing is answered for 0.3 s.
    """
    gc.collect()
    gc.freeze()


async def serve_until_signalled(
    servers: Servers, public: socket.socket, operators: socket.socket | None, ready: Ready
) -> None:
    """Serves until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, servers.stop)

    def settled(state: Readiness) -> None:
        settle()
        ready(state)

    await servers.run(public, operators, settled)
