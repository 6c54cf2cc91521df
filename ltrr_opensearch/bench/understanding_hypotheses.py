"""Line 2 of understanding: hypotheses of systems whose scores are not comparable, re-ranked domain by domain.

That publishing one domain leaves the others is not a figure but a test, on a real node (`tests/hypotheses`).
"""

from __future__ import annotations

from rich.console import Console

from ltrr_opensearch.bench import hypotheses_slurp, hypotheses_snips
from ltrr_opensearch.bench.figures import Figure


def measure(console: Console, quick: bool) -> list[Figure]:
    return [*hypotheses_slurp.measure(console, quick), *hypotheses_snips.measure(console, quick)]
