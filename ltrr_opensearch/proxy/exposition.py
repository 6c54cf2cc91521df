"""Prometheus' text of what was counted, in one process or added up over several."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

ONE_OR_NOTHING = frozenset(("ltrr_release", "ltrr_part", "ltrr_phase"))
"""Gauges whose samples of 0 tell of something that is over: left out."""
TRIES = 5
"""At reading what processes write meanwhile."""


class _Present(Collector):
    """What a registry collects, without what is over."""

    def __init__(self, registries: Iterable[Collector]) -> None:
        self._registries = tuple(registries)

    def collect(self) -> Iterator[Metric]:
        for registry in self._registries:
            for metric in registry.collect():
                if metric.name in ONE_OR_NOTHING:
                    metric.samples = [sample for sample in metric.samples if sample.value]
                yield metric


def exposed(*registries: Collector) -> bytes:
    """In the text format that Prometheus scrapes."""
    whole = CollectorRegistry()
    whole.register(_Present(registries))
    return generate_latest(whole)


class Processes(Protocol):
    """The processes as whoever started them knows them."""

    restarts: int

    @property
    def serving(self) -> int: ...


class _OfProcesses(Collector):
    def __init__(self, processes: Processes) -> None:
        self._processes = processes

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("ltrr_workers", "Processes that serve.", self._processes.serving)
        yield CounterMetricFamily("ltrr_worker_restarts", "Processes replaced.", self._processes.restarts)


class SeveralProcesses:
    """Adds up what processes counted into files of a folder, beside how many there are."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self._folder = folder
        self._own = _OfProcesses(processes)

    def exposition(self) -> bytes:
        """A file that a process is just making is read as if it were damaged: a moment later it is whole."""
        for _ in range(TRIES - 1):
            with suppress(struct.error, RuntimeError, ValueError):
                return self._added_up()
        return self._added_up()

    def _added_up(self) -> bytes:
        counted: Collector = MultiProcessCollector(None, path=str(self._folder))  # type: ignore[no-untyped-call]
        return exposed(counted, self._own)
