"""The main path: what learning is worth on real queries, and what one search through the engine costs."""

from __future__ import annotations

import os

from rich.console import Console

from ltrr_opensearch.bench.cost import measure_cost
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.demo.results import (
    HELD_OUT,
    HYBRID,
    HYBRID_MEMORY,
    LEARNED,
    ORIGINAL,
    TRAFFIC,
    Difference,
    Result,
)
from ltrr_opensearch.demo.run import QUICK, WHOLE, Demo
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.demo.table import show
from ltrr_opensearch.node.places import asked_home


def measure(console: Console, quick: bool) -> list[Figure]:
    """The demo's run, then the cost of searches on what it has learned."""
    stack = Stack(asked_home(os.environ))
    scale = QUICK if quick else WHOLE
    try:
        result = Demo(console, stack, scale).run()
        show(console, result)
        stack.stop_proxy()
        return [*quality(result), *measure_cost(console, stack, scale, rounds=1 if quick else 3)]
    finally:
        stack.close()


def quality(result: Result) -> list[Figure]:
    """How far the learned system is ahead of each other one, in nDCG@10; the targets are those of the issue."""
    figures = []
    for part in (TRAFFIC, HELD_OUT):
        learned = result.row(LEARNED, part)
        if learned:
            figures.append(Figure(f"{LEARNED}, {part}", learned.ndcg, "nDCG@10", runs=learned.queries))
    return figures + [_ahead(result, difference) for difference in result.differences]


def _ahead(result: Result, difference: Difference) -> Figure:
    row = result.row(difference.beside, difference.part)
    assert row is not None
    must = difference.beside in (ORIGINAL, HYBRID, HYBRID_MEMORY) or difference.beside.endswith(" alone")
    return Figure(
        name=f"ahead of {difference.beside}, {difference.part}",
        value=difference.value,
        unit="nDCG@10",
        beside=(difference.beside, row.ndcg),
        target=0.0 if must else None,
        interval=(difference.low, difference.high),
        runs=row.queries,
    )
