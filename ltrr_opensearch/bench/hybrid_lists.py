"""What OpenSearch's own `hybrid` query answers, asked once for each query and kept: the peer that fuses inside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from ltrr_opensearch.arena.record import Template, request
from ltrr_opensearch.bench.recorded import DEPTH, Recorded
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.demo.cluster import prepare_peers
from ltrr_opensearch.demo.peers import MAX_SUBQUERIES, PIPELINE, hybrid_body
from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.types import Encoded, Json
from ltrr_opensearch.understand.analyze import analyze

AT_ONCE = 2
JSON_TYPE = ((b"content-type", b"application/json"),)


async def hybrid_lists(
    made: Recorded, queries: Sequence[str], template: Template, kept_in: Path, done: Callable[[int], None]
) -> dict[str, list[str]]:
    """Ids by query, best first, of all plans that need nothing learned, RRF with rank constant 60."""
    index = made.recording.index
    file = kept_in / f"{index}-hybrid.json"
    known: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    missing = [query for query in queries if query not in known]
    if missing:
        prepare_peers(connect(made.settings.cluster))
        known |= await _asked(made, missing, template, done)
        file.write_text(json.dumps(known), encoding="utf-8")
    return known


async def _asked(
    made: Recorded, queries: Sequence[str], template: Template, done: Callable[[int], None]
) -> dict[str, list[str]]:
    upstream = Upstream(made.settings.cluster)
    await upstream.open()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(query: str) -> list[str]:
        async with gate:
            body = orjson.dumps(_body(made, query, template))
            target = f"/{made.recording.index}/_search?search_pipeline={PIPELINE}"
            reply = await upstream.send("POST", target, JSON_TYPE, body)
        if reply.status != 200:
            raise ClusterError(f"hybrid of {query!r} was answered with {reply.status}: {reply.body[:300]!r}")
        done(1)
        return [hit["_id"] for hit in orjson.loads(reply.body)["hits"]["hits"]]

    try:
        return dict(zip(queries, await asyncio.gather(*map(one, queries)), strict=True))
    finally:
        await upstream.close()


def _body(made: Recorded, query: str, template: Template) -> Json:
    index = made.settings.indexes[made.recording.index]
    knowledge = Knowledge(gazetteer=made.gazetteer)
    asked = analyze(request(query, made.recording.index, template), knowledge, index)
    plans = [plan for strategy in build_strategies(index, knowledge) for plan in strategy.plan(asked)]
    encoded = Encoded(made.recording.queries[query].vector)
    clauses = [clause for plan in plans if (clause := plan.clause(DEPTH, encoded))]
    return hybrid_body(clauses[:MAX_SUBQUERIES], DEPTH) | {"size": DEPTH, "_source": False}
