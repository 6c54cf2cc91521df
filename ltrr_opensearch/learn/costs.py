"""What strategies take and what a search is worth in which nobody acts: means that follow the log.

A strategy takes what it took where it had something to ask; one that was never asked takes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ltrr_opensearch.learn.shares import KEPT
from ltrr_opensearch.logged import Round
from ltrr_opensearch.types import Json, Outcome

NOTHING: Json = {"took_ms": {}, "lost": [0.0, 0.0]}


def counted(before: Json, rounds: Iterable[Round]) -> Json:
    """`took_ms`: by strategy, `lost`: of searches without an action; each [how many, their sum], older ones less."""
    took = {strategy: list(of) for strategy, of in before["took_ms"].items()}
    lost = list(before["lost"])
    for one in rounds:
        for slot in one.decision.slots:
            if slot.depth and slot.outcome is not Outcome.NOTHING_TO_ASK:
                took[slot.strategy] = _with(took.get(slot.strategy, (0.0, 0.0)), slot.took_ms)
        if not one.gains:
            lost = _with(lost, one.loss)
    return {"took_ms": dict(sorted(took.items())), "lost": lost}


def mean(counted: Sequence[float]) -> float:
    count, total = counted
    return total / count if count else 0.0


def _with(counted: Sequence[float], value: float) -> list[float]:
    count, total = counted
    return [count * KEPT + 1, total * KEPT + value]
