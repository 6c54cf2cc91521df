"""Several serving processes from the command line: who starts them, and what operators hear of all of them together."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_opensearch.cli.worker import work
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.proxy.health import Readiness
    from ltrr_opensearch.proxy.workers import Process

COUNTED_INTO = "PROMETHEUS_MULTIPROC_DIR"
"""Tells the metrics library of the processes, before it is imported there, which folder they count into."""


def supervise(
    settings: Settings, public: socket.socket, operators: socket.socket, ready: Callable[[Readiness], None]
) -> None:
    """Serves with several processes until SIGTERM or SIGINT. `public` is the first of their shared sockets."""
    import uvloop

    with tempfile.TemporaryDirectory(prefix="ltrr-metrics-") as folder:
        os.environ[COUNTED_INTO] = folder
        uvloop.run(_supervise(settings, Path(folder), public, operators, ready))


async def _supervise(
    settings: Settings,
    folder: Path,
    public: socket.socket,
    operators: socket.socket,
    ready: Callable[[Readiness], None],
) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    from ltrr_opensearch import assemble
    from ltrr_opensearch.cluster.upstream import Upstream
    from ltrr_opensearch.proxy.exposition import SeveralProcesses
    from ltrr_opensearch.proxy.health import Health
    from ltrr_opensearch.proxy.http_server import HttpServer
    from ltrr_opensearch.proxy.workers import Workers

    upstream = Upstream(settings.cluster)
    buried = partial(mark_process_dead, path=str(folder))
    workers = Workers(settings.serve.workers, partial(_launch, settings), _shared(settings, public), buried)
    health = Health(
        upstream,
        lambda: sorted({fault for report in workers.reports for fault in report.faults}),
        lambda: sorted({key for report in workers.reports for key in report.off}),
        lambda: workers.serving,
    )
    admin = HttpServer(assemble.operators(settings, upstream, health, SeveralProcesses(folder, workers)))

    def stop() -> None:
        health.stopping = True
        workers.stop()

    async def tell() -> None:
        ready(await health.ready())

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await upstream.open()
    await admin.start(operators)
    try:
        await workers.run(tell)
    finally:
        await admin.stop()
        await upstream.close()


def _shared(settings: Settings, first: socket.socket) -> Callable[[], socket.socket]:
    """Gives the first socket, then further ones on its address."""
    from ltrr_opensearch.proxy.server import listen

    waiting = [first]
    host, port = settings.serve.host, first.getsockname()[1]
    return lambda: waiting.pop() if waiting else listen(host, port, "serve.port", shared=True)


def _launch(settings: Settings, public: socket.socket) -> tuple[Process, Connection]:
    """A process that shares nothing with this one but the socket and a pipe: no thread or loop is copied into it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(settings, public, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours
