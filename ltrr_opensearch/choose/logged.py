"""What a log recorded of a draw, as policies saw it. Training and evaluation read slots from here."""

from __future__ import annotations

from collections.abc import Iterator

from ltrr_opensearch.choose.draw import Offer
from ltrr_opensearch.logged import Decision, SlotRecord
from ltrr_opensearch.types import Slot


def offers(decision: Decision) -> list[Offer]:
    """The plans that were on offer, in slot order: another policy may be drawn from them."""
    return [Offer(s.plan, s.strategy, s.source, s.action) for s in decision.slots]


def slots(decision: Decision) -> Iterator[tuple[Slot, SlotRecord]]:
    """Each slot rebuilt with what had been drawn before it, beside its record."""
    drawn: tuple[tuple[str, int], ...] = ()
    strategies = tuple(r.strategy for r in decision.slots)
    for position, r in enumerate(decision.slots):
        yield (
            Slot(
                r.plan,
                r.strategy,
                r.source,
                position,
                decision.context,
                r.action,
                drawn,
                decision.ladder,
                r.feasible,
                strategies,
                decision.normalized,
            ),
            r,
        )
        drawn = (*drawn, (r.plan, r.depth))
