"""What a log recorded of a draw, as policies saw it. Training and evaluation read slots from here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ltrr_opensearch.choose.draw import Offer
from ltrr_opensearch.logged import Decision, Round, SlotRecord
from ltrr_opensearch.types import EXPLORATION, Slot, made_slot


def by_policy(one: Round) -> Round:
    """The round without the slots that the exploration budget drew: no policy chose them, none is paid for them."""
    chosen = tuple([s for s in one.decision.slots if s.source != EXPLORATION])
    return one if len(chosen) == len(one.decision.slots) else replace(one, decision=replace(one.decision, slots=chosen))


def offers(decision: Decision) -> list[Offer]:
    """The plans that were on offer, in slot order: another policy may be drawn from them."""
    return [Offer(s.plan, s.strategy, s.source, s.action) for s in decision.slots]


def slots(decision: Decision) -> Iterator[tuple[Slot, SlotRecord]]:
    """Each slot rebuilt with what had been drawn before it, beside its record."""
    drawn: tuple[tuple[str, int], ...] = ()
    strategies = tuple([r.strategy for r in decision.slots])
    context, ladder, query = decision.context, decision.ladder, decision.normalized
    for position, r in enumerate(decision.slots):
        told = (r.plan, r.strategy, r.source, position, context, r.action, drawn, ladder, r.feasible, strategies, query)
        yield made_slot(told), r
        drawn = (*drawn, (r.plan, r.depth))
