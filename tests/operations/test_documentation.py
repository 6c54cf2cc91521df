"""docs/operations.md tells what every metric means and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

from ltrr_opensearch.phase_settings import PHASES, PhaseSettings
from ltrr_opensearch.proxy.exposition import _OfProcesses
from ltrr_opensearch.proxy.metrics import Metrics

DOCS = Path(__file__).parents[2] / "docs"
SELF_EVIDENT = {"ltrr_build"}


class Two:
    restarts = 0
    serving = 2


def test_every_metric_is_explained() -> None:
    counted = {metric.name for metric in Metrics().registry.collect()}
    counted |= {metric.name for metric in _OfProcesses(Two()).collect()}
    page = (DOCS / "operations.md").read_text()
    explained = {name.removesuffix("_total") for name in re.findall(r"`(ltrr_[a-z_]+)", page)}
    assert counted - SELF_EVIDENT <= explained
    assert explained <= counted | {"ltrr_opensearch", "ltrr_serve"}, "what is explained is counted"


def test_every_phase_and_threshold_is_explained() -> None:
    page = (DOCS / "phases.md").read_text()
    explained = set(re.findall(r"phases\.([a-z_]+)", page))
    assert PhaseSettings.model_fields.keys() - explained == set()
    assert explained <= PhaseSettings.model_fields.keys(), "what is explained can be set"
    assert all(f"| `{phase}` |" in page for phase in PHASES)
