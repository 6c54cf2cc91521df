"""A small made-up world with a known truth: which strategy finds the wanted object depends on the kind of query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from ltrr_opensearch.choose.draw import Offer, draw_offers
from ltrr_opensearch.evaluate.outcomes import found_gain, gained, price
from ltrr_opensearch.logged import CandidateRecord, Decision, Round, SlotRecord
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Asker, DocKey, Draw, Features, Found, Outcome

STRATEGIES = (("original", "lexical"), ("structured", "structured"), ("q2e", "memory"), ("knn", "dense"))
KINDS = ("identifier", "values", "words", "sentence")
TYPICAL_RANK = {
    "identifier": {"original": 2, "structured": 150, "q2e": 400, "knn": 900},
    "values": {"original": 40, "structured": 3, "q2e": 120, "knn": 60},
    "words": {"original": 30, "structured": 400, "q2e": 3, "knn": 45},
    "sentence": {"original": 500, "structured": 900, "q2e": 900, "knn": 5},
}
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Search:
    """One search before anything is drawn: what policies see, and where the wanted object is hidden."""

    number: int
    context: Features
    offers: tuple[Offer, ...]
    ranks: dict[str, int]


def searches(count: int, seed: int) -> list[Search]:
    rng = np.random.default_rng(seed)
    return [_search(rng, number) for number in range(count)]


def _search(rng: np.random.Generator, number: int) -> Search:
    kind = KINDS[rng.integers(len(KINDS))]
    context = {f"kind={kind}": 1.0, "tokens": float(rng.uniform(0.1, 0.6)), f"hour={rng.integers(24)}": 1.0}
    offers = tuple(Offer(name, name, source, {"likelihood": 1.0}) for name, source in STRATEGIES)
    ranks = {name: int(rng.geometric(1 / TYPICAL_RANK[kind][name])) for name, _ in STRATEGIES}
    return Search(number, context, offers, ranks)


def serve(search: Search, policy: Policy, settings: Settings, explore: bool = True, seed: int = 0) -> Round:
    """The round that the policy's draw leaves behind: the wanted object is clicked when the union holds it."""
    drawn = draw_offers(
        policy, search.offers, search.context, settings.choose, seed * 1_000_003 + search.number, explore
    )
    decision = record(search, drawn, settings, explore)
    return Round(decision, {"wanted": 1.0} if decision.candidates else {})


def record(search: Search, drawn: Draw, settings: Settings, explore: bool) -> Decision:
    slots = tuple(
        SlotRecord(
            plan=s.slot.plan,
            strategy=s.slot.strategy,
            source=s.slot.source,
            action=s.slot.action,
            feasible=s.slot.feasible,
            pmf=s.pmf,
            depth=s.depth,
            probability=s.probability,
            outcome=Outcome.OK if s.depth else Outcome.NOT_ASKED,
            found=s.depth,
            total=s.depth,
            took_ms=0.0,
            original=s.slot.plan == "original",
        )
        for s in drawn.slots
    )
    found = tuple(Found(s.plan, search.ranks[s.plan], 1.0) for s in slots if search.ranks[s.plan] <= s.depth)
    return Decision(
        query_id=f"q{search.number:06}",
        at=START + timedelta(seconds=search.number),
        index="shop",
        text="text",
        normalized=f"text {search.number % 50}",
        language="en",
        asker=Asker(explore=explore),
        phase="live",
        policy=drawn.policy,
        ranker="fused",
        release="r1",
        context=search.context,
        ladder=settings.choose.ladder,
        slots=slots,
        candidates=(CandidateRecord(DocKey("shop", "wanted"), found),) if found else (),
        offset=0,
        shown=1,
        total=1,
        took_ms=1.0,
    )


def reward(one: Round, settings: Settings) -> float:
    """The true reward of the search, as the settings price it."""
    slots = one.decision.slots
    prices = sum(price(s, s.depth, settings.learn) for s in slots)
    return found_gain(gained(one), {s.plan: s.depth for s in slots}) - prices


def value(policy: Policy, tests: Sequence[Search], settings: Settings, explore: bool = False) -> float:
    """The mean true reward of a policy over searches, without exploration or floor unless asked for."""
    bare = settings if explore else without_floor(settings)
    return float(np.mean([reward(serve(s, policy, bare, seed=1), settings) for s in tests]))


def without_floor(settings: Settings) -> Settings:
    return settings.model_copy(update={"choose": settings.choose.model_copy(update={"floor": 0.0})})


def renumbered(items: Sequence[Search], first: int) -> list[Search]:
    return [replace(s, number=first + i) for i, s in enumerate(items)]
