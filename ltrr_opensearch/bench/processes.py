"""Processes that are measured: started on the cores named, watched through /proc, stopped by their id. Linux only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ltrr_opensearch.errors import LtrrError, Unreachable

PATIENCE_S = 60.0
TICKS = os.sysconf("SC_CLK_TCK")


def cores() -> tuple[int, int]:
    """A core for whoever asks and answers, and one for what is measured; the same where there is but one."""
    mine = sorted(os.sched_getaffinity(0))
    return mine[0], mine[-1]


@contextmanager
def running(command: Sequence[str], log: Path, on: Sequence[int] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """A process on some of the cores (all where none are named), its output in `log`; ended with SIGTERM."""
    with log.open("wb") as output:
        process = subprocess.Popen(list(command), stdout=output, stderr=output, start_new_session=True)  # noqa: S603
    try:
        if on:
            os.sched_setaffinity(process.pid, set(on))
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits for a process to answer; raises with the end of its log where it does not."""
    give_up = time.monotonic() + PATIENCE_S
    while not answers():
        if process.poll() is not None:
            raise LtrrError(f"{command_of(process)} ended with {process.returncode}: {tail(log)}")
        if time.monotonic() > give_up:
            raise Unreachable(f"{command_of(process)} did not answer in {PATIENCE_S:.0f} s: {tail(log)}")
        time.sleep(0.01)


def command_of(process: subprocess.Popen[bytes]) -> str:
    return " ".join(map(str, process.args)) if isinstance(process.args, list) else str(process.args)


def connects(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def cpu_s(pid: int) -> float:
    """Processor time that a process has used, all its threads, in ticks of usually 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    return _status(pid, "VmRSS")


def peak_mb(pid: int) -> float:
    """Highest resident memory since the start, or since `forget_peak`."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def _status(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LtrrError(f"/proc/{pid}/status does not tell {name}")
