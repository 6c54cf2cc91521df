"""A million slot values and a million remembered pairs at once: what analysing a query takes in the process."""

from __future__ import annotations

import numpy as np
from rich.console import Console

from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.made_memory import MadeQueries
from ltrr_opensearch.bench.many_values import QUERIES, gazetteer_of, many_values, queries, understanding_ms
from ltrr_opensearch.demo.progress import waiting
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.snapshot import Knowledge

COUNT, QUICK_COUNT = 1_000_000, 50_000
SLOWEST_MS = 3.0


def measure(console: Console, quick: bool) -> list[Figure]:
    count = QUICK_COUNT if quick else COUNT
    with waiting(console, f"Making {count:,} remembered pairs"):
        made = MadeQueries()
        rows = made.rows(count)
        memory = Memory.from_bytes(Memory.from_rows(rows).to_bytes())
    with waiting(console, f"Making {count:,} slot values"):
        many = many_values(count)
        gazetteer = gazetteer_of(many)
    asked = {"values": list(queries(many, QUERIES // 4)), **_remembered(made, rows, QUERIES // 4)}
    every = [text for kinds in zip(*asked.values(), strict=True) for text in kinds]
    with waiting(console, f"Analysing {len(every):,} queries"):
        times = {
            "both": understanding_ms(Knowledge(gazetteer=gazetteer, memory=memory), every),
            "slots": understanding_ms(Knowledge(gazetteer=gazetteer), every),
            "memory": understanding_ms(Knowledge(memory=memory), every),
        }
    told = f"{count:,} values and {count:,} pairs; processor time of {len(every):,} queries, each for the first time"
    return [figure for what, some in times.items() for figure in _figures(what, some, told)]


def _remembered(made: MadeQueries, rows: list[MemoryRow], size: int) -> dict[str, list[str]]:
    known = [rows[i].query for i in np.random.default_rng(1).choice(len(rows), size)]
    return {"known": known, "misspelled": [made.misspelled(query) for query in known], "new": made.drawn(size)}


def _figures(what: str, times: list[float], told: str) -> list[Figure]:
    """`slots` and `memory` hold the parts that every analysis has, as `both` does."""
    late, usual = np.quantile(times, [0.99, 0.5]).tolist()
    target = SLOWEST_MS if what == "both" else None
    return [
        Figure(f"analysis_{what}_p99", late, "ms", None, target, False, runs=len(times), made_with=told),
        Figure(f"analysis_{what}_median", usual, "ms", None, None, False, runs=len(times), made_with=told),
    ]
