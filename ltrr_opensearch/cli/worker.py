"""What one of several serving processes does; started by `ltrr serve`, which answers the operators for all of them."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from ltrr_opensearch.errors import LtrrError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.proxy.health import Health
    from ltrr_opensearch.proxy.server import Servers

REPORTED_EVERY_S = 0.5

_log = logging.getLogger(__name__)


def work(settings: Settings, public: socket.socket, pipe: Connection) -> None:
    """Serves on the socket until it is told to stop, or whoever started it is gone."""
    import uvloop

    from ltrr_opensearch.telemetry.logs import log_to_stderr

    log_to_stderr(settings.serve.log_format)
    try:
        uvloop.run(_serve(settings, public, pipe))
    except LtrrError as error:
        _log.error("%s", error)
        raise SystemExit(1) from error


def servers(settings: Settings) -> tuple[Servers, Health]:
    """The proxy's port and the operators', and what the latter know of this process."""
    from ltrr_opensearch import assemble
    from ltrr_opensearch.cluster.tls import for_clients
    from ltrr_opensearch.proxy.server import Servers

    app, admin = assemble.proxy(settings)
    return Servers(app, admin, for_clients(settings.serve)), admin.health


async def _serve(settings: Settings, public: socket.socket, pipe: Connection) -> None:
    from ltrr_opensearch.proxy.server import serve_until_signalled

    both, health = servers(settings)
    reporting = asyncio.create_task(_report(health, pipe))
    if (parent := parent_process()) is not None:
        asyncio.get_running_loop().add_reader(parent.sentinel, both.stop)
    try:
        await serve_until_signalled(both, public, None, lambda _: None)
    finally:
        reporting.cancel()
        with suppress(asyncio.CancelledError):
            await reporting


async def _report(health: Health, pipe: Connection) -> None:
    while True:
        with suppress(OSError):  # nobody listens any more: the parent's sentinel tells
            await asyncio.to_thread(pipe.send, health.report())
        await asyncio.sleep(REPORTED_EVERY_S)
