"""What is claimed of ranking: queries nobody asked before, clicks instead of ratings, and what re-scoring takes.

The whole search, ranked beside unranked, is timed by `scripts/bench proxy`, on a running proxy.
"""

from __future__ import annotations

from rich.console import Console

from ltrr_opensearch.bench import ranking_clicks, ranking_speed, ranking_unseen
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.ranking_unseen import Unions
from ltrr_opensearch.bench.ranking_world import world
from ltrr_opensearch.bench.recorded import arena_stack


def measure(console: Console, quick: bool) -> list[Figure]:
    with arena_stack() as stack:
        unions = Unions.of(world(console, stack))
    return [
        *ranking_unseen.measure(console, quick, unions),
        *ranking_clicks.measure(console, quick, unions),
        *ranking_speed.measure(quick, unions),
    ]
