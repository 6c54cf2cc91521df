"""Who reads the log: this process, several of it, or an existing Dask cluster. Answers come in the order of the tasks.

A task is a function of a module with values that can be pickled; each worker makes a connection of its own.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

from ltrr_opensearch.learn import collecting
from ltrr_opensearch.learn_settings import LearnSettings

Task = TypeVar("Task")
Answer = TypeVar("Answer")
AHEAD = 2
"""Tasks that are given out a worker: the next one is ready when one is done, and no more wait in memory."""

LEAST = 10
"""Tasks a process, which takes as long to start as to read four stretches, and shares its core with the cluster."""


class Engine(Protocol):
    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]: ...


class Local:
    """Processes of this machine; a single one reads in two threads, one of which waits for the cluster."""

    def __init__(self, executor: Executor, workers: int) -> None:
        self._executor, self._most = executor, workers * AHEAD

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        waiting: deque[Future[Answer]] = deque()
        try:
            for task in tasks:
                waiting.append(self._executor.submit(function, task))
                if len(waiting) >= self._most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()


@contextmanager
def _local(workers: int) -> Iterator[Engine]:
    """Processes are spawned: a forked one would share the connections of this one."""
    spawn = multiprocessing.get_context("spawn")
    if workers == 1:
        executor: Executor = ThreadPoolExecutor(AHEAD)
    else:
        executor = ProcessPoolExecutor(workers, spawn, initializer=collecting.seldom)
    with executor:
        yield Local(executor, workers)


def engine(learn: LearnSettings, tasks: int) -> AbstractContextManager[Engine]:
    """What the settings ask for; where there are few tasks, nobody else is asked."""
    if learn.engine == "dask":
        from ltrr_opensearch.learn.dask_engine import dask

        return dask(learn.dask_scheduler)
    return _local(max(1, min(learn.workers or os.cpu_count() or 1, tasks // LEAST)))
