"""What a search leaves behind: its `Decision`, complete enough to replay it, learn from it and explain it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from ltrr_opensearch.answer.compose import explanation
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
            r.candidate.key: explanation(r, serving.ranker_name, _row(serving.columns, self.matrix[i]))
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
            _row(serving.columns, searched.matrix[i]) if i in kept else None,
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


def _row(names: Sequence[str], values: Matrix) -> Features:
    """The known values only: NaN means unknown, as a missing name does."""
    return {name: value for name, value in zip(names, values.tolist(), strict=True) if not isnan(value)}


def _object_ids(hits: Sequence[Json], field: str | None) -> Mapping[DocKey, str]:
    """What events will name the shown documents by, where that is a field of theirs."""
    if field is None:
        return {}
    named = ((h, _at(h.get("_source") or {}, field)) for h in hits)
    return {DocKey(h["_index"], h["_id"], h.get("_routing")): str(v) for h, v in named if v is not None}


def _at(source: Json, path: str) -> object:
    """The value at a dotted path of a `_source`; None where there is none."""
    if path in source:
        return source[path]
    value: object = source
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
