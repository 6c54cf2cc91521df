"""What a page would show without anything learned: strategies fused by rank."""

from __future__ import annotations

from collections.abc import Collection

from ltrr_opensearch.bench.read_world import ReadWorld
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.types import Encoded, Json

DEPTH = 50
RRF_CONSTANT = 60


def fused(world: ReadWorld, text: str, uses: Collection[str]) -> list[str]:
    """Reciprocal rank fusion of the application's own query and of the strategies, with their defaults."""
    query, scores = world.read(text), dict[str, float]()
    own: Json = {"multi_match": {"query": text, "fields": list(world.index.text_fields)}}
    plans = [plan for one in build_strategies(world.index, world.knowledge) for plan in one.plan(query)]
    for plan in plans:
        if plan.strategy in uses:
            asked = own if plan.original else plan.clause(DEPTH, Encoded())
            for rank, id_ in enumerate(world.ids(asked or {}, DEPTH), 1):
                scores[id_] = scores.get(id_, 0.0) + 1 / (RRF_CONSTANT + rank)
    return sorted(scores, key=lambda id_: (-scores[id_], id_))
