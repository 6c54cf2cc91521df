"""Which suites there are: a name, and the function that measures. Each is imported only when it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

from rich.console import Console

from ltrr_opensearch.bench.figures import Figure

Suite = Callable[[Console, bool], Iterable[Figure]]
"""(console, quick) -> figures, one part after the other where there are several"""

SUITES: Mapping[str, str] = {
    "main": "ltrr_opensearch.bench.main_path",
    "cost": "ltrr_opensearch.bench.cost",
    "proxy": "ltrr_opensearch.bench.proxy",
    "soak": "ltrr_opensearch.bench.soak",
    "learning": "ltrr_opensearch.bench.learning",
    "learning_live": "ltrr_opensearch.bench.learning_live",
    "learning_icecat": "ltrr_opensearch.bench.learning_icecat",
    "learning_drift": "ltrr_opensearch.bench.learning_drift",
    "learning_safety": "ltrr_opensearch.bench.learning_safety",
    "learning_bestbuy": "ltrr_opensearch.bench.learning_bestbuy",
    "learning_warm": "ltrr_opensearch.bench.learning_warm",
    "deciding": "ltrr_opensearch.bench.deciding",
    "learning_speed": "ltrr_opensearch.bench.learning_speed",
    "estimators": "ltrr_opensearch.bench.estimating",
    "ranking": "ltrr_opensearch.bench.ranking",
    "understanding": "ltrr_opensearch.bench.understanding",
    "slots": "ltrr_opensearch.bench.understanding_slots",
    "refresh": "ltrr_opensearch.bench.refreshing",
    "entities": "ltrr_opensearch.bench.understanding_entities",
    "hypotheses": "ltrr_opensearch.bench.understanding_hypotheses",
    "sparse": "ltrr_opensearch.bench.understanding_sparse",
    "content": "ltrr_opensearch.bench.understanding_content",
    "memory": "ltrr_opensearch.bench.understanding_memory",
    "scale": "ltrr_opensearch.bench.understanding_scale",
}
"""Name of the module with a function `measure`."""


def find(name: str) -> Suite:
    suite: Suite = import_module(SUITES[name]).measure
    return suite
