"""A log of searches as a shop leaves it, made up: decisions and clicks in the documents that a proxy writes.

Sizes are those of the demo's log: five plans on four rungs, some 20 facts of the context, 10 of each plan, candidates
as drawn, the ranker's row for the first page. Queries are asked by a power law, and most have a memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count, islice
from random import Random
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from ltrr_opensearch.choose.direct import NAME as DIRECT
from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.log.records import index_name, to_document, zoned
from ltrr_opensearch.log.ubi import parse_event
from ltrr_opensearch.logged import CandidateRecord, Decision, SlotRecord
from ltrr_opensearch.settings import Settings, StateSettings
from ltrr_opensearch.types import Asker, DocKey, Features, Found, Json, Outcome

START = datetime(2026, 1, 5, tzinfo=UTC)
STEP = timedelta(seconds=20)
INDEX = "shop"
LADDER = (0, 10, 50, 200)
PLANS = {"memory": "memory", "original": "lexical", "lexical": "lexical", "structured": "structured", "knn": "dense"}
DRAWN = (0.4, 0.4, 0.15, 0.05)
"""Share of each rung in the draws."""
PAGE = 10
CLICKED = 0.6
"""Share of the searches that are acted upon."""
PRODUCTS = 100_000
USERS = 3_000
DIFFERENT = 1_000
"""Searches that are made; the log repeats them, each time under another id, time and person."""
QUERIES = 5_000
SLOT_FACTS = ("likelihood", "found", "reciprocal_rank", "results", "took", "kind_found", "kind_reciprocal_rank")
ROW = tuple(f"{plan}.{fact}" for plan in PLANS for fact in ("score", "reciprocal_rank", "depth", "asked", "near"))


def settings(url: str, prefix: str, policy: str = DIRECT, **learn: Any) -> Settings:
    return Settings.model_validate(
        {
            "cluster": {"url": url},
            "state": {"prefix": prefix, "ubi_events": f"{prefix}-events", "ubi_queries": f"{prefix}-queries"},
            "choose": {"ladder": list(LADDER), "policy": policy},
            "learn": {"user_cap": 1_000, **learn},
            "indexes": {INDEX: {"text_fields": {"title": 1}}},
        }
    )


def create(client: OpenSearch, settings: Settings) -> None:
    """The indexes of a log, mapped as `ltrr setup` maps them, on one shard without replicas."""
    state = settings.state
    kinds = {f"{state.prefix}_{kind}": kind for kind in ("models", "releases", "memory", "jobs")}
    kinds |= {index_name(state.prefix, START): "decisions", state.ubi_events: "ubi_events"}
    templates = load_templates(StateSettings(prefix=state.prefix))
    for index, kind in kinds.items():
        mappings = next(t.body["template"]["mappings"] for t in templates if t.name.endswith(f"_{kind}"))
        shards = {"number_of_replicas": 0, "refresh_interval": "-1"}
        client.indices.create(index=index, body={"settings": shards, "mappings": mappings})


def fill(client: OpenSearch, settings: Settings, first: int, searches: int) -> None:
    """`searches` of the log from number `first` on, with their clicks."""
    bulk(client, islice(_documents(settings, first), searches * 2), chunk_size=500, request_timeout=120)
    client.indices.refresh(index=f"{settings.state.prefix}*")


def _documents(settings: Settings, first: int) -> Iterator[Json]:
    """Two a search: the decision, then its event, which is an impression where nobody clicked."""
    name = index_name(settings.state.prefix, START)
    for number in count(first):
        document, object_id, ordinal = _made(number % DIFFERENT)
        at, id = START + number * STEP, f"{number:08d}-9f7c-4c8e-b1a5-made-for-measures"
        asker = {"user": f"user-{number * 7919 % USERS}", "session": f"session-{number // 3}"}
        yield {"_index": name, "_id": id, **document, "query_id": id, "@timestamp": zoned(at), "asker": asker}
        event = parse_event(_event(id, at, asker, object_id, ordinal), at + timedelta(seconds=9))
        yield {"_index": settings.state.ubi_events, "_id": event.id, **event.document}


@lru_cache(DIFFERENT)
def _made(number: int) -> tuple[Json, str | None, int]:
    """A search's document, and which of its hits is clicked at which place; None where nobody clicks."""
    chance = Random(number)  # noqa: S311 - a made-up log
    made = search(number, chance)
    clicked = made.candidates and chance.random() < CLICKED
    place = min(int(chance.expovariate(0.4)), made.shown - 1) if clicked else 0
    return to_document(made), made.candidates[place].key.id if clicked else None, place + 1


def _event(query_id: str, at: datetime, asker: Json, object_id: str | None, ordinal: int) -> Json:
    return {
        "action_name": "click" if object_id else "impression",
        "query_id": query_id,
        "timestamp": (at + timedelta(seconds=8)).isoformat(),
        "user_id": asker["user"],
        "session_id": asker["session"],
        "event_attributes": {"object": {"object_id": object_id or "none"}, "position": {"ordinal": ordinal}},
    }


def search(number: int, chance: Random) -> Decision:
    at = START + number * STEP
    query = int(QUERIES * chance.random() ** 3)
    slots = tuple(_slot(plan, source, chance) for plan, source in PLANS.items())
    candidates = tuple(_candidates(query, slots, chance))
    return Decision(
        query_id="",
        at=at,
        index=INDEX,
        text=f"query of shop {query}",
        normalized=f"query of shop {query}",
        language="en",
        asker=Asker(),
        phase="live",
        policy="vowpal",
        ranker="20260105T000000",
        release="20260105T000000-0000",
        context=_context(query, at, chance),
        ladder=LADDER,
        slots=slots,
        candidates=candidates,
        offset=0,
        shown=min(PAGE, len(candidates)),
        total=len(candidates),
        took_ms=round(chance.uniform(5, 30), 3),
    )


def _context(query: int, at: datetime, chance: Random) -> Features:
    known = {
        "memory_similarity": chance.random(),
        "memory_exact": 1.0,
        "memory_queries": 0.4,
        "memory_entities": 0.3,
        "memory_score": chance.random(),
        "query_asked": chance.random(),
        "query_found": chance.random(),
    }
    return {
        "language=en": 1.0,
        f"kind=k{query % 4}": 1.0,
        "tokens": query % 5 / 10,
        "characters": query % 30 / 50,
        "readings": 0.2,
        "likelihood": chance.random(),
        "slots": 0.2,
        f"slot=field{query % 6}": 1.0,
        f"hour={at.hour}": 1.0,
        f"weekday={at.weekday()}": 1.0,
        f"month={at.month}": 1.0,
        f"day_part={at.hour // 6}": 1.0,
        **(known if query % 10 < 7 else {}),
    }


def _slot(plan: str, source: str, chance: Random) -> SlotRecord:
    pmf = tuple(0.95 * share + 0.0125 for share in DRAWN)
    rung = chance.choices(range(len(LADDER)), pmf)[0]
    return SlotRecord(
        plan=plan,
        strategy=plan,
        source=source,
        action={name: chance.random() for name in SLOT_FACTS} | {"fact_slots": 0.2, "needs_vector": plan == "knn"},
        feasible=(True,) * len(LADDER),
        pmf=pmf,
        depth=LADDER[rung],
        probability=pmf[rung],
        outcome=Outcome.OK if rung else Outcome.NOT_ASKED,
        found=LADDER[rung],
        total=LADDER[rung],
        took_ms=round(chance.uniform(1, 9), 3),
    )


def _candidates(query: int, slots: tuple[SlotRecord, ...], chance: Random) -> Iterator[CandidateRecord]:
    found: dict[int, list[Found]] = {}
    for number, slot in enumerate(slots):
        for rank in range(1, slot.depth + 1):
            id = (query * 250 + rank * (1 + number % 2)) % PRODUCTS
            found.setdefault(id, []).append(Found(slot.plan, rank, 20 / (rank + 1)))
    for place, id in enumerate(sorted(found, key=lambda id: (found[id][0].rank, id))):
        row = {name: chance.randrange(1 << 16) / (1 << 16) for name in ROW} if place < PAGE else None
        yield CandidateRecord(DocKey("shop-1", f"product-{id}"), tuple(found[id]), row)
