"""How long it takes until a proxy without an encoder is ready, and until `ltrr --help` has helped."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ltrr_opensearch.bench import ours
from ltrr_opensearch.bench.figures import Figure, repeated
from ltrr_opensearch.types import Json

READY_TARGET_S = 3.0
HELP_TARGET_S = 0.3


def measure(folder: Path, settings: Json, rounds: int, done: Callable[[int], None]) -> list[Figure]:
    """`settings` name a cluster that answers; each is started a few times, the files warm."""
    ready, helped = [], []
    for _ in range(rounds):
        with ours.proxy(folder, settings) as proxy:
            ready.append(proxy.ready_s)
        helped.append(_help())
        done(1)
    return [
        replace(repeated("start to ready, no encoder", ready, "s", higher_is_better=False), target=READY_TARGET_S),
        replace(repeated("ltrr --help", helped, "s", higher_is_better=False), target=HELP_TARGET_S),
    ]


def _help() -> float:
    started = time.perf_counter()
    subprocess.run([ours.LTRR, "--help"], stdout=subprocess.DEVNULL, check=True)  # noqa: S603
    return time.perf_counter() - started
