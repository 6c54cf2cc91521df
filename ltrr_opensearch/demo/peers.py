"""What the learned system is measured against, as plain requests to the cluster: each plan alone, and `hybrid` of all.

The plans are those that our own strategies propose, asked without any proxy between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ltrr_opensearch.demo.results import ORIGINAL
from ltrr_opensearch.demo.users import PAGE, application_query
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.types import EXPLORATION, Asker, Encoded, Json, QueryPlan, SearchRequest, Vector
from ltrr_opensearch.understand.analyze import analyze

PIPELINE = "ltrr_demo_rrf"
PIPELINE_BODY: Json = {
    "phase_results_processors": [{"score-ranker-processor": {"combination": {"technique": "rrf", "rank_constant": 60}}}]
}
MAX_SUBQUERIES = 5
"""OpenSearch refuses a `hybrid` query with more."""
HYBRID_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Peer:
    """One request for one query; `body` is None where this plan has nothing to ask."""

    system: str
    target: str
    body: Json | None
    candidates: int


def request(text: str, index: str, query_id: str = "") -> SearchRequest:
    """The application's search as the proxy reads it."""
    return SearchRequest(
        query_id=query_id,
        target=index,
        text=text,
        body=application_query(text),
        params=(),
        headers=(),
        filters=(),
        size=PAGE,
        offset=0,
        asker=Asker(),
        ubi=None,
        at=datetime.now(UTC),
    )


def plans(text: str, index: str, settings: IndexSettings, knowledge: Knowledge) -> list[QueryPlan]:
    """What is proposed to answer the query; what is asked only to learn is no peer."""
    query = analyze(request(text, index), knowledge, settings)
    proposed = (plan for strategy in build_strategies(settings, knowledge) for plan in strategy.plan(query))
    return [plan for plan in proposed if plan.source != EXPLORATION]


def peers(
    text: str,
    index: str,
    settings: IndexSettings,
    knowledge: Knowledge,
    vector: Vector,
    hybrid: str,
) -> list[Peer]:
    """The original query, every strategy alone, and `hybrid` of all plans under the name given."""
    search = f"/{index}/_search"
    proposed = plans(text, index, settings, knowledge)
    clauses = {plan.name: plan.clause(HYBRID_DEPTH, Encoded(vector)) for plan in proposed if not plan.original}
    # the proxy hides the vector field; without set-up it would not be there at all
    shown = {"size": PAGE, "_source": {"excludes": [settings.vector.field]} if settings.vector else True}
    made = [Peer(ORIGINAL, search, application_query(text) | shown, PAGE)]
    for strategy in settings.strategies:
        if strategy.use not in ("original", "fresh"):
            clause = clauses.get(strategy.name)
            body = {"query": clause, **shown} if clause else None
            made.append(Peer(f"{strategy.name} alone", search, body, PAGE))
    asked = [application_query(text)["query"], *(clause for clause in clauses.values() if clause)][:MAX_SUBQUERIES]
    made.append(
        Peer(hybrid, f"{search}?search_pipeline={PIPELINE}", hybrid_body(asked) | shown, len(asked) * HYBRID_DEPTH),
    )
    return made


def hybrid_body(queries: Sequence[Mapping[str, object]], depth: int = HYBRID_DEPTH) -> Json:
    """OpenSearch's own fusion of several queries; needs a search pipeline to make sense of the scores."""
    return {"query": {"hybrid": {"pagination_depth": depth, "queries": list(queries)}}}
