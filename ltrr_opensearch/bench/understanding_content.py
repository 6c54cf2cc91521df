"""What is claimed of attributes proposed from content: right, covering, calibrated, and worth something in search."""

from __future__ import annotations

from rich.console import Console

from ltrr_opensearch.bench.content_hidden import hidden
from ltrr_opensearch.bench.content_searched import searched
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.recorded import arena_stack


def measure(console: Console, quick: bool) -> list[Figure]:
    with arena_stack() as stack:
        return [*hidden(console, stack, quick), *searched(console, stack, quick)]
