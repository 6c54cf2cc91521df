"""What a policy is told about a search and about each plan, as sparse named numbers (declared in `features`).

Nothing here depends on the page asked for, so that every page of a search is drawn alike.
"""

from __future__ import annotations

from datetime import datetime
from math import isfinite, log1p
from zlib import crc32

from ltrr_opensearch.kinds import KIND, kind_of
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.types import AnalyzedQuery, Asker, Features, QueryPlan, VectorUse

ASKED = "query_asked"
"""How often the very query was asked before; absent for a new one."""
_DAY_PARTS = ("night", "morning", "afternoon", "evening")


def context_features(query: AnalyzedQuery, aggregates: Aggregates, at: datetime) -> Features:
    features = _text(query) | _readings(query) | _memory(query) | _asker(query.request.asker) | _time(at)
    if seen := aggregates.query(query.normalized):
        features[ASKED] = log1p(seen.asked) / 10
        features["query_found"] = seen.found_share
        features[f"query_is={crc32(query.normalized.encode()):x}"] = 1.0
    return {name: value for name, value in features.items() if value}


def action_features(plan: QueryPlan, query: AnalyzedQuery, aggregates: Aggregates) -> Features:
    features = {f"fact_{name}": value for name, value in plan.facts.items() if isfinite(value)}
    features["likelihood"] = plan.likelihood
    features["needs_vector"] = float(plan.vector is VectorUse.NEEDED)
    if cell := aggregates.strategy(plan.strategy):
        features["found"] = cell.found_share
        features["reciprocal_rank"] = cell.mean_reciprocal_rank
        features["results"] = log1p(cell.mean_results) / 15
        features["took"] = cell.mean_took_ms / 1000
    if cell := aggregates.kind(plan.strategy, kind_of(query)):
        features["kind_found"] = cell.found_share
        features["kind_reciprocal_rank"] = cell.mean_reciprocal_rank
    if cell := aggregates.query_strategy(plan.strategy, query.normalized):
        features["query_found"] = cell.found_share
        features["query_reciprocal_rank"] = cell.mean_reciprocal_rank
        features["query_asked"] = log1p(cell.rewarded) / 10
    return features


def _text(query: AnalyzedQuery) -> dict[str, float]:
    tokens = query.tokens
    digits = sum(any(c.isdigit() for c in token) for token in tokens)
    return {
        f"language={query.language}": 1.0,
        KIND + kind_of(query): 1.0,
        "tokens": len(tokens) / 10,
        "characters": len(query.normalized) / 50,
        "digit_tokens": digits / len(tokens) if tokens else 0.0,
    }


def _readings(query: AnalyzedQuery) -> dict[str, float]:
    if not query.readings:
        return {}
    best = query.readings[0]
    features = {
        "readings": len(query.readings) / 10,
        "likelihood": best.likelihood,
        "slots": len(best.slots) / 5,
        "covered": float(not best.residual.strip()),
    }
    if best.slots:
        features["confidence"] = sum(s.confidence for s in best.slots) / len(best.slots)
    return features | {f"slot={s.field}": 1.0 for s in best.slots}


def _memory(query: AnalyzedQuery) -> dict[str, float]:
    if not query.remembered:
        return {}
    nearest = max(query.remembered, key=lambda r: r.similarity)
    return {
        "memory_similarity": nearest.similarity,
        "memory_exact": float(nearest.query == query.normalized),
        "memory_queries": len(query.remembered) / 10,
        "memory_entities": len(nearest.entities) / 50,
        "memory_score": max((e.score for e in nearest.entities), default=0.0),
    }


def _asker(asker: Asker) -> dict[str, float]:
    said = (("device", asker.device), ("locale", asker.locale), ("segment", asker.segment))
    return {f"{name}={value}": 1.0 for name, value in said if value}


def _time(at: datetime) -> dict[str, float]:
    return {
        f"hour={at.hour}": 1.0,
        f"weekday={at.weekday()}": 1.0,
        f"month={at.month}": 1.0,
        f"day_part={_DAY_PARTS[at.hour // 6]}": 1.0,
        "weekend": float(at.weekday() >= 5),
    }
