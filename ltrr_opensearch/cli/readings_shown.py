"""What `ltrr readings` says of weights and of likelihoods, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from ltrr_opensearch.hypotheses.experiment import UNWEIGHTED
from ltrr_opensearch.hypotheses.features import Level
from ltrr_opensearch.hypotheses.judge import Standing, Verdict, interval, standing
from ltrr_opensearch.hypotheses.losses import R1, R2, R3
from ltrr_opensearch.hypotheses.model import DomainWeights

WIDTH = 120
NAMES = {R1: "R1, expected error", R2: "R2, cross-entropy", R3: "R3, combined", UNWEIGHTED: "unweighted (voting)"}


def losses_table(verdicts: Mapping[str, Sequence[Verdict]]) -> str:
    """Every variant on utterances that it did not learn from."""
    table = Table(box=SIMPLE, caption="On folds left out; 95 % intervals over groups.", caption_justify="left")
    for column in ("loss", "intent accuracy", "semantic error", "slot F1", "calibration error", "of a perfect one"):
        table.add_column(column, justify="left" if column == "loss" else "right")
    for name, some in verdicts.items():
        of = standing(name, some)
        low, high = interval(some, lambda one: float(one.intent_right))
        accuracy = f"{of.accuracy:.3f} ({low:.3f} to {high:.3f})"
        measured = (of.semantic_error, of.slot_f1, of.ece, of.perfect)
        table.add_row(NAMES.get(name, f"{name}, by domain"), accuracy, *(f"{value:.3f}" for value in measured))
    return _drawn(table)


def report_table(standings: Sequence[Standing]) -> str:
    table = Table(box=SIMPLE, caption="Of the first hypothesis of each utterance.", caption_justify="left")
    quality = ("utterances", "intent accuracy", "all right", "semantic error", "slot F1")
    for column in ("domain", *quality, "calibration error", "perfect"):
        table.add_column(column, justify="left" if column == "domain" else "right")
    for of in standings:
        measured = (of.accuracy, of.whole, of.semantic_error, of.slot_f1, of.ece, of.perfect)
        table.add_row(of.domain, f"{of.utterances:,}", *(f"{value:.3f}" for value in measured))
    return _drawn(table)


def trained_line(weights: DomainWeights, file: Path) -> str:
    intent, whole = weights.levels[Level.INTENT], weights.levels[Level.WHOLE]
    how = f"intents {intent.loss} ({intent.calibration.method}), whole {whole.loss} ({whole.calibration.method})"
    return f"{weights.domain}: {weights.utterances:,} utterances; {how}: {file}"


def _drawn(table: Table) -> str:
    text = StringIO()
    Console(file=text, width=WIDTH).print(table)
    return text.getvalue()
