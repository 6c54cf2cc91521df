"""What is claimed of understanding and memory: slots, entities, hypotheses, attributes, the memory, learned terms."""

from __future__ import annotations

from rich.console import Console

from ltrr_opensearch.bench import (
    refreshing,
    understanding_content,
    understanding_entities,
    understanding_hypotheses,
    understanding_memory,
    understanding_scale,
    understanding_slots,
    understanding_sparse,
)
from ltrr_opensearch.bench.figures import Figure

PARTS = (
    understanding_slots.measure,
    refreshing.measure,
    understanding_entities.measure,
    understanding_hypotheses.measure,
    understanding_sparse.measure,
    understanding_content.measure,
    understanding_memory.measure,
    understanding_scale.measure,
)


def measure(console: Console, quick: bool) -> list[Figure]:
    return [figure for part in PARTS for figure in part(console, quick)]
