"""Processes that hang, cannot be replaced, or die while they are told to stop."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import pytest

from ltrr_opensearch.proxy import workers
from ltrr_opensearch.proxy.workers import Process, Report, Workers

PATIENCE_S = 30


def work(pipe: Connection) -> None:
    """Reports until it is told to end."""
    while True:
        pipe.send(Report(started=True))
        time.sleep(0.05)


class Launcher:
    def __init__(self) -> None:
        self.launched: list[BaseProcess] = []
        self.refusals = 0
        """How many further starts fail."""

    def __call__(self, _: socket.socket) -> tuple[Process, Connection]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        self.launched.append(process)
        return process, ours

    def send(self, number: int, which: signal.Signals) -> None:
        os.kill(self.launched[number].pid or 0, which)


def bind() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 processes are waited for
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(these: Workers, launch: Launcher) -> AsyncIterator[None]:
    """Ready when it begins; stopped, with every process ended, when it is over, however the test went."""
    ready = asyncio.Event()

    async def tell() -> None:
        ready.set()

    run = asyncio.create_task(these.run(tell))
    async with asyncio.timeout(PATIENCE_S):
        await ready.wait()
    try:
        yield
        these.stop()
        async with asyncio.timeout(PATIENCE_S):
            await run
    finally:
        for process in launch.launched:
            process.kill()


async def test_one_that_hangs_does_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    launch = Launcher()
    these = Workers(1, launch, bind, lambda _: None)
    async with running(these, launch):
        monkeypatch.setattr(workers, "STALE_S", 0.5)
        launch.send(0, signal.SIGSTOP)
        await until(lambda: these.serving == 0)
        assert "is silent for" in these.reports[0].faults[0]
        launch.send(0, signal.SIGCONT)
        await until(lambda: these.serving == 1)
        monkeypatch.undo()


async def test_one_that_cannot_be_replaced_at_once_is_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "RETRY_S", 0.05)
    launch = Launcher()
    these = Workers(1, launch, bind, lambda _: None)
    async with running(these, launch):
        launch.refusals = 2
        launch.send(0, signal.SIGKILL)
        await until(lambda: len(launch.launched) == 2 and these.serving == 1)
        assert launch.refusals == 0


async def test_none_is_started_after_the_stop() -> None:
    launch, ended = Launcher(), list[int]()

    def buried(pid: int) -> None:
        ended.append(pid)
        if len(ended) == 2:
            asyncio.get_running_loop().call_soon(these.stop)

    these = Workers(2, launch, bind, buried)
    async with running(these, launch):
        for number in range(2):
            launch.send(number, signal.SIGKILL)
        for process in launch.launched:  # both ends are found in the same turn of the loop
            os.waitid(os.P_PID, process.pid or 0, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222
        await until(lambda: len(ended) == 2)
    assert len(launch.launched) == 2
