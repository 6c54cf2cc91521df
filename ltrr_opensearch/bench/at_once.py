"""Simulations that need nothing of each other, in as many processes as there are cores.

Every process starts anew and computes with one thread, so what comes out does not depend on how many there are.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from queue import Empty
from typing import TypeVar

from rich.console import Console

from ltrr_opensearch.demo.progress import bar

PATIENCE_S = 0.5
"""Between two looks at whether all are done, where nobody tells of progress."""
THREADS = "OMP_NUM_THREADS"
Done = Callable[[int], None]
"""Told how many steps more were made."""
Result = TypeVar("Result")


def at_once(console: Console, text: str, total: int, jobs: Sequence[Callable[[Done], Result]]) -> list[Result]:
    """Results in the order of the jobs, which are pickled. `total`: steps of all of them together.

    Where one fails, those that have not begun are given up and its error is raised.
    """
    spawn = multiprocessing.get_context("spawn")
    workers = min(len(jobs), len(os.sched_getaffinity(0)))
    with bar(console, text, total) as moved, _single_threads(), spawn.Manager() as manager:
        steps = manager.Queue()
        with ProcessPoolExecutor(workers, spawn) as pool:
            under_way = [pool.submit(job, steps.put) for job in jobs]
            while not _over(under_way):
                try:
                    moved(steps.get(timeout=PATIENCE_S))
                except Empty:
                    continue
            # those under way are waited for, since they still tell of steps
            pool.shutdown(cancel_futures=True)
        while not steps.empty():
            moved(steps.get())
        return [one.result() for one in under_way]


def _over(under_way: Sequence[Future[Result]]) -> bool:
    return any(one.done() and one.exception() for one in under_way) or all(one.done() for one in under_way)


@contextmanager
def _single_threads() -> Iterator[None]:
    """For processes started meanwhile, whose arithmetic would else use all cores each."""
    before = os.environ.get(THREADS)
    os.environ[THREADS] = "1"
    try:
        yield
    finally:
        os.environ.pop(THREADS)
        if before is not None:
            os.environ[THREADS] = before
