"""The node's process: started detached, recognised again, stopped exactly.

A process is known by its id together with its start time, so that a recycled id is never taken for the node.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltrr_opensearch.errors import NodeError
from ltrr_opensearch.node.places import Account

LAUNCH = 'log=$1; shift; "$@" >>"$log" 2>&1 & echo $!'
"""The shell goes at once and the node is nobody's child: it outlives us, and leaves no zombie."""


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    started: int
    """Clock ticks from the start of the machine to that of the process."""

    def alive(self) -> bool:
        return start_time(self.pid) == self.started


def start_time(pid: int) -> int | None:
    """When a living process started, in clock ticks since the machine did; None if there is none (zombies are dead)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before may hold anything; see proc(5)
    return None if fields[0] in "ZX" else int(fields[19])


def launch(command: Sequence[str], log: Path, cwd: Path, env: Mapping[str, str], account: Account) -> Process:
    """Start a command detached, as an account, its output in a log."""
    other_user = {"user": account.uid, "group": account.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        run = subprocess.run(
            ["/bin/sh", "-c", LAUNCH, "sh", str(log), *command],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            start_new_session=True,
            **other_user,  # type: ignore[call-overload]
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NodeError(f"the local node could not be started as user {account.name}: {error}") from error
    pid = int(run.stdout)
    return Process(pid, start_time(pid) or 0)


def terminate(process: Process, patience_s: float) -> None:
    """Stop this process and nothing else, and wait until it is gone."""
    for number, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGKILL, 10.0)):
        if not process.alive():
            return
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return
        except PermissionError:
            raise NodeError(
                f"process {process.pid} belongs to somebody else; stop it as the user who started it"
            ) from None
        end = time.monotonic() + wait_s
        while process.alive() and time.monotonic() < end:
            time.sleep(0.05)
    if process.alive():
        raise NodeError(f"process {process.pid} does not end; look at what it waits for (ps, dmesg)")
