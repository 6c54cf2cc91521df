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

Ready = Callable[[Readiness], None]


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which two servers in a loop would take from each other."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A bound socket; port 0 takes a free one."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingsError(f"serve.{setting}: cannot listen on {host}:{port} ({error}); choose another") from error
    bound.setblocking(False)
    return bound


async def run(proxy: ProxyApp, admin: AdminApp, public: socket.socket, operators: socket.socket, ready: Ready) -> None:
    """Serves until SIGTERM or SIGINT; `ready` is told once, when both ports answer."""
    front, back = _server(proxy, lifespan="on"), _server(admin, lifespan="off")

    def stop() -> None:
        admin.health.stopping = True
        front.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    beside = asyncio.create_task(back.serve(sockets=[operators]))
    told = asyncio.create_task(_tell(front, admin, ready))
    try:
        await front.serve(sockets=[public])
    finally:
        back.should_exit = True
        told.cancel()
        await beside
    if not front.started:
        raise LtrrError("the proxy could not start; the log says why")


async def _tell(front: uvicorn.Server, admin: AdminApp, ready: Ready) -> None:
    while not front.started:
        await asyncio.sleep(0.01)
    ready(await admin.health.ready())


def _server(app: Any, lifespan: Any) -> uvicorn.Server:
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
