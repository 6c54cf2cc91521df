"""Decisions of a made-up shop, without a cluster: its queries, six plans for each, and what people did."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from ltrr_opensearch.build_serving import fusion_of
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.cluster.feature_logging import NamedScores
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.logged import CandidateRecord, Decision, Round
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.record import slot_record
from ltrr_opensearch.retrieve.fan_out import Logged
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import (
    AnalyzedQuery,
    Asker,
    DocKey,
    Draw,
    EntityScore,
    Features,
    Found,
    Outcome,
    PlanResult,
    QueryPlan,
    Reading,
    Remembered,
    SearchRequest,
    SlotDraw,
    SlotValue,
    VectorUse,
)

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOURCES = {
    "original": "lexical",
    "lexical": "lexical",
    "structured": "structured",
    "q2e": "memory",
    "knn": "dense",
    "sparse": "sparse",
}
QUERIES = 500
TYPICAL_RANK = 40
"""At which each plan has what is wanted, in the mean."""


def serving_of(settings: Settings) -> Serving:
    index = settings.indexes["shop"]
    return Serving(
        key="shop",
        index=index,
        choose=settings.choose,
        release="bench",
        phase="live",
        knowledge=Knowledge.empty(),
        strategies=(),
        policy=Uniform(),
        fusion=fusion_of(index.fusion),
        ranker=None,
        columns=(),
        logged=Logged(derive(index), NamedScores()),
        hidden=(),
    )


def _broken() -> None:
    raise ModelError("the policy gave no draw; what was measured is not a decision")


def decision_times(serving: Serving, count: int) -> list[float]:
    """In ms. Half of the searches may explore, of remembered queries and of others."""
    times = []
    for number in range(count):
        query = _exploring(made_query(number), number // 2 % 2 == 0)
        plans = made_plans(query)
        started = time.thread_time()
        serving.draw(query, plans, number, _broken)
        times.append((time.thread_time() - started) * 1000)
    return times[count // 10 :]


def _exploring(query: AnalyzedQuery, may: bool) -> AnalyzedQuery:
    return replace(query, request=replace(query.request, asker=replace(query.request.asker, explore=may)))


def query_text(number: int) -> str:
    return f"red shoe {number}"


def made_query(number: int) -> AnalyzedQuery:
    """Every other query was asked before and is remembered; a third has a reading with a recognised value."""
    query = number * 7919 % QUERIES
    text = query_text(query)
    brand = SlotValue("brand", "acme", 0, 1, 0.9)
    best = (Reading((brand,), "shoe", 0.7), Reading((), text, 0.3)) if query % 3 == 0 else (Reading((), text, 1.0),)
    entities = tuple(EntityScore(f"{query}-{i}", 1 / (i + 2)) for i in range(20))
    remembered = (Remembered(text, 1.0, entities),) if query % 2 == 0 else ()
    asker = Asker(user=f"u{query % 50}", device="phone", locale="de-DE", segment="new")
    at = AT + timedelta(minutes=number)
    request = SearchRequest(f"q{number:06}", "shop", text, {}, (), (), (), 10, 0, asker, None, at)
    return AnalyzedQuery(request, text, tuple(text.split()), "en", best, remembered)


def made_plans(query: AnalyzedQuery) -> tuple[QueryPlan, ...]:
    facts = {"matched": 2.0, "similarity": 0.8}
    return tuple(
        QueryPlan(
            name,
            name,
            source,
            lambda _depth, _vector: None,
            VectorUse.NEEDED if source == "dense" else VectorUse.NONE,
            original=name == "original",
            facts=facts if source in ("structured", "memory") else {},
        )
        for name, source in SOURCES.items()
        if source != "memory" or query.remembered
    )


def made_round(serving: Serving, number: int, settings: Settings) -> Round:
    """What a uniform draw leaves behind; people take what they want if some plan had it."""
    query = made_query(number)
    context, draw, *_ = serving.draw(query, made_plans(query), number, _broken)
    ranks = np.random.default_rng(number).geometric(1 / TYPICAL_RANK, len(draw.slots))
    found = tuple(
        Found(s.slot.plan, int(rank), 1.0) for s, rank in zip(draw.slots, ranks, strict=True) if rank <= s.depth
    )
    decision = _decision(query, context, draw, found, settings.choose.ladder)
    return Round(decision, {"wanted": 1.0} if found else {})


def _decision(
    query: AnalyzedQuery, context: Features, draw: Draw, found: tuple[Found, ...], ladder: tuple[int, ...]
) -> Decision:
    request = query.request
    return Decision(
        query_id=request.query_id,
        at=request.at,
        index="shop",
        text=request.text,
        normalized=query.normalized,
        language=query.language,
        asker=request.asker,
        phase="live",
        policy=draw.policy,
        ranker="fused",
        release="bench",
        context=context,
        ladder=ladder,
        slots=tuple(slot_record(s, _result(query, s)) for s in draw.slots),
        candidates=(CandidateRecord(DocKey("shop", "wanted"), found),) if found else (),
        offset=0,
        shown=1,
        total=1,
        took_ms=1.0,
    )


def _result(query: AnalyzedQuery, drawn: SlotDraw) -> PlanResult:
    plan = next(p for p in made_plans(query) if p.name == drawn.slot.plan)
    outcome = Outcome.OK if drawn.depth else Outcome.NOT_ASKED
    return PlanResult(plan, drawn.depth, outcome, total=drawn.depth * 10, took_ms=1.0)
