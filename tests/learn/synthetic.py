"""Decisions and events as a small shop leaves them, with a known truth: the plan `lexical` finds what is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from ltrr_opensearch.logged import CandidateRecord, Decision, Event, SlotRecord
from ltrr_opensearch.types import Asker, DocKey, Found, Json, Outcome

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LADDER = (0, 10, 50, 200)
PLANS = ("original", "lexical", "knn")
QUERIES = tuple(f"query {n}" for n in range(8))
SHOWN = 10


def wanted(query: str) -> str:
    """The document that people want for a query."""
    return f"{query.replace(' ', '')}-2"


def decision(number: int, *, seed: int = 0, index: str = "shop", at: datetime | None = None) -> Decision:
    chance = Random(f"{seed}-{number}")
    query = QUERIES[number % len(QUERIES)]
    slots = tuple(_slot(plan, chance.randrange(len(LADDER))) for plan in PLANS)
    found: dict[str, list[Found]] = {}
    for slot in slots:
        for rank, id in enumerate(_ranking(slot.plan, query)[: slot.depth], start=1):
            found.setdefault(id, []).append(Found(slot.plan, rank, 1 / rank))
    ids = sorted(found, key=lambda id: (-len(found[id]), chance.random()))
    candidates = tuple(
        CandidateRecord(
            key=DocKey("shop-1", id),
            found=tuple(found[id]),
            features={"plans.fused": 1 / place, "lexical.reciprocal_rank": _reciprocal(found[id])},
        )
        for place, id in enumerate(ids, start=1)
    )
    return Decision(
        query_id=f"q{seed}-{number}",
        at=at or START + timedelta(seconds=30 * number),
        index=index,
        text=query,
        normalized=query,
        language="en",
        asker=Asker(user=f"user{number % 20}", session=f"session{number}"),
        phase="live",
        policy="fixed",
        ranker="fused",
        release="",
        context={"length": 2.0, f"kind={query[-1]}": 1.0},
        ladder=LADDER,
        slots=slots,
        candidates=candidates,
        offset=0,
        shown=min(SHOWN, len(candidates)),
        total=len(candidates),
        took_ms=10.0,
    )


def decisions(count: int, *, seed: int = 0, index: str = "shop") -> list[Decision]:
    return [decision(n, seed=seed, index=index) for n in range(count)]


def clicks(searches: Sequence[Decision]) -> Iterator[Event]:
    """Everybody clicks what they want wherever it is shown."""
    for one in searches:
        for place, candidate in enumerate(one.candidates[: one.shown], start=1):
            if candidate.key.id == wanted(one.normalized):
                at = one.at + timedelta(seconds=5)
                yield Event(one.query_id, at, "click", candidate.key.id, place, one.asker.user, one.asker.session)


def ubi(event: Event) -> Json:
    """An event as a client would send it."""
    return {
        "action_name": event.action,
        "query_id": event.query_id,
        "timestamp": event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "user_id": event.user,
        "session_id": event.session,
        "event_attributes": {"object": {"object_id": event.object_id}, "position": {"ordinal": event.position}},
    }


def _slot(plan: str, rung: int) -> SlotRecord:
    depth = LADDER[rung]
    return SlotRecord(
        plan=plan,
        strategy=plan,
        source="lexical",
        original=plan == "original",
        action={f"strategy={plan}": 1.0},
        feasible=(True,) * len(LADDER),
        pmf=(0.25,) * len(LADDER),
        depth=depth,
        probability=0.25,
        outcome=Outcome.OK if depth else Outcome.NOT_ASKED,
        found=min(depth, 12),
        total=12,
        took_ms=3.0,
    )


def _ranking(plan: str, query: str) -> list[str]:
    """`lexical` has what is wanted first, `original` beyond ten, `knn` never."""
    name = query.replace(" ", "")
    own = [f"{name}-{n}" for n in range(2, 14)]
    others = [f"{name}-{plan}-{n}" for n in range(12)]
    return {"lexical": own, "original": [*others[:10], f"{name}-2", f"{name}-3"]}.get(plan, others)


def _reciprocal(found: Sequence[Found]) -> float:
    return next((1 / f.rank for f in found if f.plan == "lexical"), 0.0)
