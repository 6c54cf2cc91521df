"""Several processes behind one port: started, listened to, replaced when they die, stopped together.

Each has a listening socket of its own on the same address (SO_REUSEPORT), so the kernel deals connections out evenly.
Their sockets are held here too: while a dead process is being replaced its connections wait for the next one. One that
dies at once again and again pauses, and its socket is closed meanwhile so that the others get what was its share.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from time import monotonic
from typing import Protocol

from ltrr_opensearch.errors import LtrrError

STEADY_S = 10.0
"""A process that lived this long is replaced at once."""
LONGEST_PAUSE_S = 30.0
RETRY_S = 5.0
"""Between attempts to start a process when the machine gives none, for want of files or memory."""
STALE_S = 10.0
"""A process that said nothing for so long does not serve, whatever it said before: its event loop stands."""
KILL_AFTER_S = 40.0
"""Longer than running requests get to finish."""
NOT_STARTED = "a worker could not start; the log says why"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker tells, about once a second."""

    started: bool
    """Whether it answers: encoder loaded, releases in force."""
    faults: tuple[str, ...] = ()
    off: tuple[str, ...] = ()


class Process(Protocol):
    """What is used of a `multiprocessing.Process`."""

    @property
    def pid(self) -> int | None: ...
    @property
    def sentinel(self) -> int: ...
    @property
    def exitcode(self) -> int | None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def join(self) -> None: ...


@dataclass(slots=True)
class Worker:
    process: Process
    pipe: Connection
    began: float
    last: Report = Report(started=False)
    heard: float = 0.0
    """When it told that."""

    def report(self) -> Report:
        """Its last report while that holds, else that it is silent."""
        silent_s = monotonic() - self.heard
        if not self.last.started or silent_s < STALE_S:
            return self.last
        return replace(self.last, started=False, faults=(f"process {self.process.pid} is silent for {silent_s:.0f} s",))


Launch = Callable[[socket.socket], tuple[Process, Connection]]
"""Starts a process that serves on this socket and reports through this pipe."""


class Workers:
    """`bind` gives a listening socket on the shared address; `buried` is told the id of each process that ended."""

    def __init__(
        self,
        count: int,
        launch: Launch,
        bind: Callable[[], socket.socket],
        buried: Callable[[int], None],
    ) -> None:
        self._count = count
        self._launch = launch
        self._bind = bind
        self._buried = buried
        self._running: dict[int, Worker] = {}
        self._sockets: dict[int, socket.socket] = {}
        self._deaths = [0] * count
        self._pauses: set[asyncio.TimerHandle] = set()
        self._stopping, self._failed = False, False
        self._ready, self._gone = asyncio.Event(), asyncio.Event()
        self.restarts = 0

    @property
    def serving(self) -> int:
        return sum(report.started for report in self.reports)

    @property
    def reports(self) -> Sequence[Report]:
        return [worker.report() for worker in self._running.values()]

    async def run(self, ready: Callable[[], Awaitable[None]]) -> None:
        """Returns when all have ended after `stop`. `ready` is told once, when all serve."""
        for slot in range(self._count):
            self._begin(slot)
        told = asyncio.create_task(self._tell(ready))
        await self._gone.wait()
        told.cancel()
        for bound in self._sockets.values():
            bound.close()
        if self._failed:
            raise LtrrError(NOT_STARTED)

    def stop(self) -> None:
        """Lets all of them finish what runs."""
        self._stopping = True
        for pause in self._pauses:
            pause.cancel()
        for worker in self._running.values():
            worker.process.terminate()
        asyncio.get_running_loop().call_later(KILL_AFTER_S, self._kill)
        self._check()

    async def _tell(self, ready: Callable[[], Awaitable[None]]) -> None:
        await self._ready.wait()
        await ready()

    def _begin(self, slot: int) -> None:
        bound = self._sockets.get(slot) or self._bind()
        self._sockets[slot] = bound
        process, pipe = self._launch(bound)
        self._running[slot] = Worker(process, pipe, monotonic())
        loop = asyncio.get_running_loop()
        loop.add_reader(process.sentinel, self._ended, slot)
        loop.add_reader(pipe.fileno(), self._heard, slot)

    def _heard(self, slot: int) -> None:
        worker = self._running[slot]
        try:
            worker.last, worker.heard = worker.pipe.recv(), monotonic()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(worker.pipe.fileno())
            return
        if self.serving == self._count:
            self._ready.set()

    def _ended(self, slot: int) -> None:
        worker = self._running.pop(slot)
        loop = asyncio.get_running_loop()
        loop.remove_reader(worker.process.sentinel)
        loop.remove_reader(worker.pipe.fileno())
        worker.pipe.close()
        worker.process.join()
        self._buried(worker.process.pid or 0)
        if self._stopping:
            self._check()
        elif not self._ready.is_set():
            self._give_up()
        else:
            self._replace(slot, worker)

    def _replace(self, slot: int, dead: Worker) -> None:
        steady = monotonic() - dead.began >= STEADY_S
        self._deaths[slot] = 0 if steady else self._deaths[slot] + 1
        pause_s = 0.0 if self._deaths[slot] <= 1 else min(LONGEST_PAUSE_S, 2.0 ** (self._deaths[slot] - 2))
        how = _how(dead.process.exitcode)
        _log.error("worker %d (process %s) %s; the next one starts in %g s", slot, dead.process.pid, how, pause_s)
        self.restarts += 1
        if pause_s:
            self._sockets.pop(slot).close()
        self._begin_in(pause_s, slot)

    def _begin_in(self, pause_s: float, slot: int) -> None:
        pause = asyncio.get_running_loop().call_later(pause_s, self._begin_again, slot)
        self._pauses = {p for p in self._pauses if p.when() > asyncio.get_running_loop().time()} | {pause}

    def _begin_again(self, slot: int) -> None:
        if self._stopping:
            return
        try:
            self._begin(slot)
        except (OSError, LtrrError) as error:
            _log.error("worker %d cannot be started (%s); tried again in %g s", slot, error, RETRY_S)
            if bound := self._sockets.pop(slot, None):
                bound.close()
            self._begin_in(RETRY_S, slot)

    def _give_up(self) -> None:
        """One that cannot even start will not start the next time."""
        self._failed = True
        self.stop()

    def _check(self) -> None:
        if not self._running:
            self._gone.set()

    def _kill(self) -> None:
        for worker in self._running.values():
            worker.process.kill()


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
