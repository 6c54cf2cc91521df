"""Clients as light as they can be, so that it is the server that is measured: one that waits, and many at once.

`wrk` is taken where it is installed (it is written in C); else, and for bodies that differ, the asynchronous one here.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import cast

import httptools

from ltrr_opensearch.errors import LtrrError

OVERLOADED = (429, 503)
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


class Refused(LtrrError):
    """A server said that it has too much to do."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a load came to: answers a second, and the times of single requests in ms where they were kept."""

    rate: float
    p99_ms: float
    times_ms: tuple[float, ...] = ()


def request(method: str, target: str, body: bytes = b"", kind: str = "application/json") -> bytes:
    head = f"{method} {target} HTTP/1.1\r\nhost: bench\r\n"
    if body:
        head += f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class Caller:
    """One blocking connection: sends a request, waits for the whole answer. Gives up after a minute."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __call__(self, sent: bytes) -> float:
        """The time of one exchange in ms."""
        self._parser, self._done = httptools.HttpResponseParser(self), False
        started = time.perf_counter()
        self._socket.sendall(sent)
        while not self._done:
            received = self._socket.recv(1 << 16)
            if not received:
                raise LtrrError("the server closed the connection before it had answered")
            self._parser.feed_data(received)
        taken = (time.perf_counter() - started) * 1000
        _checked(self._parser.get_status_code())
        return taken

    def on_message_complete(self) -> None:
        self._done = True

    def close(self) -> None:
        self._socket.close()


def wrk(port: int, target: str, connections: int, seconds: float, on: int) -> Load:
    """GETs by `wrk` with one thread on one core."""
    command = ["taskset", "-c", str(on), "wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency"]
    done = subprocess.run(  # noqa: S603
        [*command, f"http://127.0.0.1:{port}{target}"], capture_output=True, text=True, check=False
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    late = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    if not rate or not late or "Non-2xx" in done.stdout:
        raise LtrrError(f"wrk on port {port} failed: {done.stdout} {done.stderr}")
    return Load(float(rate[1]), float(late[1]) * _UNITS[late[2]])


def has_wrk() -> bool:
    return bool(shutil.which("wrk") and shutil.which("taskset"))


def wrk_version() -> str:
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)  # noqa: S607
    return (said.stdout + said.stderr).partition(" Copyright")[0].strip()


async def closed_loop(port: int, requests: list[bytes], connections: int, seconds: float) -> Load:
    """As many clients as `connections`, each asking again as soon as it was answered; all walk through `requests`."""
    end = time.perf_counter() + seconds
    asked, times = cycle(requests), list[float]()
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(connections):
        made = await loop.create_connection(lambda: _Client(asked, times, end), "127.0.0.1", port)
        clients.append(made[1])
    started = time.perf_counter()
    await asyncio.wait_for(asyncio.gather(*(client.finished for client in clients)), seconds + 60)
    taken = time.perf_counter() - started
    ranked = sorted(times)
    return Load(len(times) / taken, ranked[int(0.99 * (len(ranked) - 1))], tuple(times))


class _Client(asyncio.Protocol):
    def __init__(self, asked: Iterator[bytes], times: list[float], end: float) -> None:
        self._asked, self._times, self._end = asked, times, end
        self._now: Callable[[], float] = time.perf_counter
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._started = self._now()
        self._transport.write(next(self._asked))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        if not 200 <= (status := self._parser.get_status_code()) < 300:
            kind = Refused if status in OVERLOADED else LtrrError
            self._end_with(kind(f"an answer under load had the status {status}"))
            return
        now = self._now()
        self._times.append((now - self._started) * 1000)
        if now < self._end:
            asyncio.get_running_loop().call_soon(self._ask)
        else:
            self._end_with(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._end_with(error or LtrrError("the server closed a connection under load"))

    def _end_with(self, error: Exception | None) -> None:
        if not self.finished.done():
            if error is None:
                self.finished.set_result(None)
            else:
                self.finished.set_exception(error)
        self._transport.close()


def _checked(status: int) -> None:
    if not 200 <= status < 300:
        raise LtrrError(f"an answer had the status {status}")
