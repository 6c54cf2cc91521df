"""Draws the action: a depth for every plan, slot after slot in the order of the plans.

Policies only give probabilities. Here depths beyond the budget are masked first, `exploration` says how far from the
most likely depth the search may go (and mixes in a uniform floor), and a uniform number that depends on nothing but the
seed picks the rung. What is recorded is what was sampled, so that every probability in the log is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from ltrr_opensearch.chance import pick, uniform
from ltrr_opensearch.choose.exploration import Exploration
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.types import EXPLORATION, Draw, Features, QueryPlan, Slot, SlotDraw, made_slot


class Offer(NamedTuple):
    """A plan as a policy knows it: what a search proposes, or what a log recorded."""

    plan: str
    strategy: str
    source: str
    action: Features


def draw(
    policy: Policy,
    plans: Sequence[QueryPlan],
    context: Features,
    actions: Sequence[Features],
    choose: ChooseSettings,
    seed: int,
    explore: bool,
    query: str = "",
) -> Draw:
    """The draw of one search. Without `explore` each slot takes the policy's most likely depth, with probability 1."""
    offers = [Offer(p.name, p.strategy, p.source, a) for p, a in zip(plans, actions, strict=True)]
    return draw_offers(policy, offers, context, choose, seed, explore, query)


def draw_offers(
    policy: Policy,
    offers: Sequence[Offer],
    context: Features,
    choose: ChooseSettings,
    seed: int,
    explore: bool,
    query: str = "",
) -> Draw:
    """`query`: normalised, for policies that know some of them by name."""
    ladder = choose.ladder
    left = choose.budget
    drawn: tuple[tuple[str, int], ...] = ()
    strategies = tuple([offer.strategy for offer in offers if offer.source != EXPLORATION])
    exploration = Exploration(choose, len(strategies), explore)
    slots = []
    for number, (plan, strategy, source, action) in enumerate(offers):
        feasible = tuple([depth <= left for depth in ladder])
        told = (plan, strategy, source, len(drawn), context, action, drawn, ladder, feasible, strategies, query)
        slot = made_slot(told)
        if source == EXPLORATION:
            pmf = budgeted_pmf(slot, choose, explore)
            rung = pick(pmf, uniform(seed, number))
        else:
            pmf = exploration.pmf(policy, slot, _masked(policy, slot))
            rung = pick(pmf, uniform(seed, number))
            exploration.drawn(rung)
            drawn = (*drawn, (plan, ladder[rung]))
        slots.append(SlotDraw(slot, pmf, ladder[rung], pmf[rung]))
        left -= ladder[rung]
    return Draw(policy.name, tuple(slots))


def budgeted_pmf(slot: Slot, choose: ChooseSettings, explore: bool) -> tuple[float, ...]:
    """What there is to learn from is asked by the exploration budget, at the smallest depth: no policy is asked."""
    share = choose.fresh_share * choose.explore_share if explore and slot.feasible[1] else 0.0
    return (1 - share, share, *[0.0] * (len(slot.ladder) - 2))


def _masked(policy: Policy, slot: Slot) -> list[float]:
    """The policy's probabilities of the feasible rungs, not yet summing to 1."""
    masked = [p if ok else 0.0 for p, ok in zip(policy.pmf(slot), slot.feasible, strict=True)]
    total = sum(masked)
    if not isfinite(total) or total <= 0 or min(masked) < 0:
        raise ModelError(f"policy {policy.name} gave no probabilities for slot {slot.plan}: {masked}; train it again")
    return masked
