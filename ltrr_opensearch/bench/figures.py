"""What a figure is, and where it was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import numpy as np

from ltrr_opensearch.types import Json

PACKAGES = ("ltrr-opensearch", "vowpal-wabbit-next", "lightgbm", "torch", "sentence-transformers", "numpy", "aiohttp")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `beside` names what it was measured against, with that one's value in the same unit."""

    name: str
    value: float
    unit: str
    beside: tuple[str, float] | None = None
    target: float | None = None
    higher_is_better: bool = True
    interval: tuple[float, float] | None = None
    """95 % interval of the value, or the middle half of repeated measurements; `spread` says which."""
    spread: str = "95 % interval"
    runs: int = 1
    aim: float | None = None
    """What would be better still than the target."""
    p99: float | None = None
    """Of single times, in the unit of the value."""
    made_with: str = ""
    """Versions, cores and conditions that matter to this figure alone."""

    @property
    def falls_short(self) -> bool:
        if self.target is None:
            return False
        # of numpy's numbers it would be none of Python's, which no JSON takes
        return bool(self.value < self.target if self.higher_is_better else self.value > self.target)

    def ranging(self, each: Sequence[float], over: str) -> Figure:
        """With the range of what it is of each run, or seed."""
        return replace(self, interval=(min(each), max(each)), spread=f"range over {over}", runs=len(each))

    def to_json(self) -> Json:
        return {**asdict(self), "falls_short": self.falls_short}


def ratio(name: str, ours: list[float], theirs: list[float], beside: str, target: float | None) -> Figure:
    """Ratio of medians of interleaved measurements, with a bootstrap interval over the pairs."""
    pairs = np.array([ours, theirs])
    picks = np.random.default_rng(0).integers(0, len(ours), size=(1000, len(ours)))
    medians = np.median(pairs[:, picks], axis=2)
    low, high = np.quantile(medians[0] / medians[1], [0.025, 0.975])
    value = median(ours) / median(theirs)
    return Figure(name, value, "x", (beside, 1.0), target, False, (float(low), float(high)), runs=len(ours))


def mean_ratio(name: str, ours: list[float], theirs: list[float], beside: str, target: float | None) -> Figure:
    """Ratio of means of interleaved measurements, with a bootstrap interval over the pairs."""
    pairs = np.array([ours, theirs])
    picks = np.random.default_rng(0).integers(0, len(ours), size=(1000, len(ours)))
    means = pairs[:, picks].mean(axis=2)
    low, high = np.quantile(means[0] / means[1], [0.025, 0.975])
    value = float(pairs[0].mean() / pairs[1].mean())
    return Figure(name, value, "x", (beside, 1.0), target, False, (float(low), float(high)), runs=len(ours))


def timing(name: str, times_ms: list[float]) -> Figure:
    """Median of single times with their middle half, and the 99th percentile."""
    low, high, late = map(float, np.quantile(times_ms, [0.25, 0.75, 0.99]))
    value = median(times_ms)
    return Figure(name, value, "ms", None, None, False, (low, high), "middle half", len(times_ms), p99=late)


def repeated(name: str, values: list[float], unit: str, *, higher_is_better: bool = True) -> Figure:
    """Median of a few repetitions of a whole measurement, with their range."""
    spread = (min(values), max(values))
    return Figure(name, median(values), unit, None, None, higher_is_better, spread, "range", len(values))


def environment() -> Json:
    """The machine and the versions, as far as they can be read."""
    found: Json = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory_gb": _memory_gb(),
        "machine": platform.machine(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _memory_gb() -> float | None:
    try:
        line = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    return round(int(line.split()[1]) / 2**20, 1)
