"""What is claimed of learning to retrieve: one part after the other, each on a world of its own, all in one list.

Each part is a suite of its own as well. On two cores all of them take more than an hour.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from ltrr_opensearch.bench import (
    deciding,
    estimating,
    learning_bestbuy,
    learning_drift,
    learning_icecat,
    learning_live,
    learning_safety,
    learning_speed,
    learning_warm,
)
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.recorded import Part, arena_stack

ON_A_NODE: tuple[Part, ...] = (
    learning_live.played,
    learning_icecat.played,
    learning_drift.played,
    learning_safety.played,
    learning_bestbuy.played,
    learning_warm.played,
)
ALONE = (estimating.measure, deciding.measure, learning_speed.measure)


def measure(console: Console, quick: bool) -> Iterator[Figure]:
    with arena_stack() as stack:
        for part in ON_A_NODE:
            yield from part(console, quick, stack)
    for alone in ALONE:
        yield from alone(console, quick)
