"""What a search leaves behind: its `Decision`, complete enough to replay it, learn from it and explain it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.answer.compose import explanation
from ltrr_opensearch.log.ubi import object_id
from ltrr_opensearch.rank.rows import sparse
from ltrr_opensearch.retrieve.fan_out import key_of
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import (
    AnalyzedQuery,
    CandidateRecord,
    Decision,
    DocKey,
    Draw,
    Features,
    Json,
    Matrix,
    PlanResult,
    Ranked,
    SearchRequest,
    SlotDraw,
    SlotRecord,
)


@dataclass(frozen=True, slots=True)
class Searched:
    """One search as it went: what was known, drawn, found and ranked. `matrix` has a row a ranked candidate."""

    query: AnalyzedQuery
    context: Features
    draw: Draw
    results: tuple[PlanResult, ...]
    ranked: tuple[Ranked, ...]
    matrix: Matrix

    def explanations(self, serving: Serving) -> dict[DocKey, Json]:
        return {
            r.candidate.key: explanation(r, serving.ranker_name, sparse(self.matrix[i], serving.columns))
            for i, r in enumerate(self.ranked)
        }


def decision_of(
    request: SearchRequest,
    serving: Serving,
    searched: Searched,
    hits: Sequence[Json],
    *,
    total: int,
    took_ms: float,
    extra_rows: int,
    seed: int,
) -> Decision:
    """The record of a search whose page shows `hits`; rows are kept for these and for `extra_rows` others by chance."""
    ids = _object_ids(hits, serving.index.object_id_field)
    kept = _kept_rows(len(searched.ranked), request.offset, len(hits), extra_rows, seed)
    candidates = tuple(
        CandidateRecord(
            r.candidate.key,
            r.candidate.found,
            sparse(searched.matrix[i], serving.columns) if i in kept else None,
            ids.get(r.candidate.key),
        )
        for i, r in enumerate(searched.ranked)
    )
    return Decision(
        query_id=request.query_id,
        at=request.at,
        index=serving.key,
        text=request.text,
        normalized=searched.query.normalized,
        language=searched.query.language,
        asker=request.asker,
        phase=serving.phase,
        policy=serving.policy.name,
        ranker=serving.ranker_name,
        release=serving.release,
        context=searched.context,
        ladder=serving.choose.ladder,
        slots=tuple(_slot(d, r) for d, r in zip(searched.draw.slots, searched.results, strict=True)),
        candidates=candidates,
        offset=request.offset,
        shown=len(hits),
        total=total,
        took_ms=took_ms,
        parent_query_id=request.parent_query_id,
    )


def _slot(draw: SlotDraw, result: PlanResult) -> SlotRecord:
    return SlotRecord(
        plan=draw.slot.plan,
        strategy=draw.slot.strategy,
        source=draw.slot.source,
        action=draw.slot.action,
        feasible=draw.slot.feasible,
        pmf=draw.pmf,
        depth=draw.depth,
        probability=draw.probability,
        outcome=result.outcome,
        found=min(len(result.hits), result.depth),
        total=result.total,
        took_ms=result.took_ms,
    )


def _kept_rows(candidates: int, offset: int, shown: int, extra: int, seed: int) -> frozenset[int]:
    page = range(offset, min(offset + shown, candidates))
    others = [i for i in range(candidates) if i not in page]
    chosen = np.random.default_rng(seed).permutation(len(others))[:extra]
    return frozenset(page) | {others[i] for i in chosen}


def _object_ids(hits: Sequence[Json], field: str | None) -> Mapping[DocKey, str]:
    """What events will name the shown documents by, where that is a field of theirs and not `_id`."""
    return {key_of(h): object_id(h, field) for h in hits} if field else {}
