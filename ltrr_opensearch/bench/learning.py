"""What is claimed of learning to retrieve: one part after the other, each on a world of its own, all in one list."""

from __future__ import annotations

from collections.abc import Callable

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
from ltrr_opensearch.bench.recorded import arena_stack
from ltrr_opensearch.demo.stack import Stack

Part = Callable[[Console, bool, Stack], list[Figure]]
ON_A_NODE: tuple[Part, ...] = (
    learning_live.measure,
    learning_icecat.measure,
    learning_drift.measure,
    learning_safety.measure,
    learning_bestbuy.played,
    learning_warm.played,
)
ALONE = (estimating.measure, deciding.measure, learning_speed.measure)


def measure(console: Console, quick: bool) -> list[Figure]:
    with arena_stack() as stack:
        played = [figure for part in ON_A_NODE for figure in part(console, quick, stack)]
    return [*played, *(figure for part in ALONE for figure in part(console, quick))]
