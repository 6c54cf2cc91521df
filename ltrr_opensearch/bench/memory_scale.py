"""The memory with a million pairs: how long a look-up takes, how much it holds, how it is loaded beside other work."""

from __future__ import annotations

import threading
import tracemalloc
from time import perf_counter, process_time, sleep, thread_time

import numpy as np
from rich.console import Console

from ltrr_opensearch.bench.figures import Figure, timing
from ltrr_opensearch.bench.made_memory import MadeQueries
from ltrr_opensearch.demo.progress import waiting
from ltrr_opensearch.knowledge import trigrams
from ltrr_opensearch.knowledge.memory import LEAST_SPELLING, NOT_SAME, Memory

PAIRS, QUICK_PAIRS = 1_000_000, 100_000
ASKED = 2_000
COMPARED = 200
SLOWEST_MS = 3.0
BEAT_S = 0.0005


def scale(console: Console, quick: bool) -> list[Figure]:
    pairs = QUICK_PAIRS if quick else PAIRS
    made = MadeQueries()
    with waiting(console, f"Making {pairs:,} remembered pairs"):
        rows = made.rows(pairs)
        started = process_time()
        data = Memory.from_rows(rows).to_bytes()
        built_s = process_time() - started
    known = [rows[i].query for i in np.random.default_rng(1).choice(len(rows), ASKED)]
    asked = {"known": known, "misspelled": [made.misspelled(q) for q in known], "new": made.drawn(ASKED)}
    del rows
    memory, held, loaded_s, gap_ms = _loaded(data)
    times = {kind: [_timed(memory, q) for q in dict.fromkeys(queries)] for kind, queries in asked.items()}
    every = [one for some in times.values() for one in some]
    name = f"memory_{pairs // 1000}k"
    told = f"{len(memory):,} queries; processor time of the looking thread, each query for the first time"
    return [
        Figure(
            f"{name}_look_up_p99",
            float(np.quantile(every, 0.99)),
            "ms",
            None,
            SLOWEST_MS,
            False,
            runs=len(every),
            made_with=told,
        ),
        *(timing(f"{name}_look_up_{kind}", some) for kind, some in times.items()),
        Figure(f"{name}_memory", held / 2**20, "MB", higher_is_better=False, made_with=told),
        Figure(f"{name}_part", len(data) / 2**20, "MB", higher_is_better=False),
        Figure(f"{name}_load", loaded_s, "s", higher_is_better=False),
        Figure(f"{name}_longest_pause_while_loading", gap_ms, "ms", higher_is_better=False),
        Figure(f"{name}_build", built_s, "s", higher_is_better=False, made_with="processor time, in the learning job"),
        _as_exact(name, memory, asked["misspelled"]),
    ]


def _loaded(data: bytes) -> tuple[Memory, int, float, float]:
    """The memory, the bytes that it holds, how long loading took, and the longest that another thread had to wait."""
    gaps, stop = [0.0], threading.Event()

    def beat() -> None:
        last = perf_counter()
        while not stop.is_set():
            sleep(BEAT_S)
            now = perf_counter()
            gaps.append(now - last)
            last = now

    thread = threading.Thread(target=beat)
    thread.start()
    tracemalloc.start()
    started = perf_counter()
    memory = Memory.from_bytes(data)
    took = perf_counter() - started
    stop.set()
    thread.join()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return memory, held, took, max(gaps) * 1000


def _timed(memory: Memory, query: str) -> float:
    started = thread_time()
    memory.near(query, None)
    return (thread_time() - started) * 1000


def _as_exact(name: str, memory: Memory, misspelled: list[str]) -> Figure:
    """Share of misspelled queries whose nearest by spelling, found without a budget, is found within it."""
    postings, same = trigrams.POSTINGS, 0
    some = misspelled[:COMPARED]
    for query in some:
        within = memory.trigrams.alike(query, LEAST_SPELLING, NOT_SAME, 1)
        trigrams.POSTINGS = 1 << 62
        exact = memory.trigrams.alike(query, LEAST_SPELLING, NOT_SAME, 1)
        trigrams.POSTINGS = postings
        same += [s for _, s in within] == [s for _, s in exact]
    return Figure(f"{name}_nearest_as_exact", same / len(some), "share", ("no budget", 1.0), runs=len(some))
