"""A body of a gibibyte, as `_bulk` may have, streamed to a sink that counts it: rate and memory, beside nginx."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ltrr_opensearch.bench import passing
from ltrr_opensearch.bench.figures import Figure, repeated
from ltrr_opensearch.bench.passing import DIRECT, NGINX, OURS
from ltrr_opensearch.bench.processes import cores, forget_peak, peak_mb, resident_mb
from ltrr_opensearch.errors import LtrrError

RATE_TARGET, RATE_AIM = 0.5, 0.9
GROWTH_TARGET_MB = 64.0
CHUNK = 1 << 18
LINES = b'{"index":{"_id":"1"}}\n{"title":"' + b"x" * 990 + b'"}\n'


@contextmanager
def sink(on: int) -> Iterator[int]:
    """A server that counts what it is sent and answers with the count; gives its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    accepting = threading.Thread(target=_accept, args=(listening, on), daemon=True)
    accepting.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join(5)


def _accept(listening: socket.socket, on: int) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:  # closed: the end
            return
        threading.Thread(target=_drain, args=(connection, on), daemon=True).start()


def _drain(connection: socket.socket, on: int) -> None:
    """Requests one after another, each of a declared length."""
    os.sched_setaffinity(threading.get_native_id(), {on})
    buffer = memoryview(bytearray(CHUNK))
    with connection:
        while head := _head(connection):
            length, counted = head
            while counted < length and (read := connection.recv_into(buffer)):
                counted += read
            said = b'{"bytes":%d}' % counted
            answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            connection.sendall(answer % (len(said), said))


def _head(connection: socket.socket) -> tuple[int, int] | None:
    """The declared length (0 where none is), and how much of the body was read already."""
    read = b""
    while b"\r\n\r\n" not in read:
        more = connection.recv(1 << 16)
        if not more:
            return None
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    declared = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    return int(declared[0]) if declared else 0, len(body)


def send(port: int, size: int, on: int) -> float:
    """Sends a `_bulk` body of so many bytes; MiB a second until the sink's count is back."""
    os.sched_setaffinity(0, {on})
    chunk = (LINES * (CHUNK // len(LINES) + 1))[:CHUNK]
    head = (
        f"POST /_bulk HTTP/1.1\r\nhost: bench\r\ncontent-type: application/x-ndjson\r\ncontent-length: {size}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        started = time.perf_counter()
        connection.sendall(head.encode())
        for start in range(0, size, CHUNK):
            connection.sendall(chunk[: min(CHUNK, size - start)])
        answer = b""
        while b"}" not in answer:
            more = connection.recv(1 << 16)
            if not more:
                raise LtrrError(f"the connection to port {port} ended before the sink's count came: {answer!r}")
            answer += more
        taken = time.perf_counter() - started
    if b'"bytes":%d' % size not in answer:
        raise LtrrError(f"of {size} bytes sent to port {port} the sink told otherwise: {answer[-200:]!r}")
    return size / taken / 2**20


def measure(folder: Path, size: int, rounds: int, done: Callable[[int], None]) -> list[Figure]:
    rates, grown = defaultdict[str, list[float]](list), list[float]()
    everywhere = os.sched_getaffinity(0)
    asking, _ = cores()
    with sink(asking) as counting, passing.ways(folder, counting) as between:
        try:
            for number in range(rounds + 1):
                for name, way in between.items():
                    if name == OURS:
                        forget_peak(way.pid)
                        before = resident_mb(way.pid)
                    rate = send(way.port, size if number else 1 << 24, asking)
                    if number:
                        rates[name].append(rate)
                        if name == OURS:
                            grown.append(peak_mb(way.pid) - before)
                done(1)
        finally:
            os.sched_setaffinity(0, everywhere)
    shares = [a / b for a, b in zip(rates[OURS], rates[NGINX], strict=True)]
    what = f"_bulk of {size >> 20} MiB"
    growth = repeated(f"{what}: growth of our resident memory", grown, "MiB", higher_is_better=False)
    return [
        replace(
            repeated(f"{what}: rate of nginx's", shares, "x"),
            beside=(f"{NGINX}, request buffering off", 1.0),
            target=RATE_TARGET,
            aim=RATE_AIM,
            made_with="one core for the proxy, one for sender and sink",
        ),
        replace(growth, value=max(grown), target=GROWTH_TARGET_MB),
        *(repeated(f"{what}: {name}", rates[name], "MiB/s") for name in (OURS, NGINX, DIRECT)),
    ]
