"""What a policy is told about a search, as sparse named numbers (declared in `features`).

Nothing here depends on the page asked for, so that every page of a search is drawn alike.
"""

from __future__ import annotations

from datetime import datetime
from math import log1p
from zlib import crc32

from ltrr_opensearch.choose.features import GROUPS
from ltrr_opensearch.choose.seasons import seasons_of
from ltrr_opensearch.kinds import KIND, kind_of, kind_of_words
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.local_time import country_of, local_time
from ltrr_opensearch.types import AnalyzedQuery, Asker, Features, Reading

ASKED = "query_asked"
"""How often the very query was asked before; absent for a new one."""
_DAY_PARTS = ("night", "morning", "afternoon", "evening")


def context_features(
    query: AnalyzedQuery,
    aggregates: Aggregates,
    at: datetime,
    person: str | None = None,
    groups: tuple[str, ...] = GROUPS,
) -> Features:
    """`person`: under which name the log counts who asks, if anybody; `groups`: what is told."""
    asker = query.request.asker
    local, known = local_time(at, asker)
    features: dict[str, float] = {}
    if "text" in groups:
        features |= _text(query)
    if "readings" in groups:
        features |= _readings(query)
    if "memory" in groups:
        features |= _memory(query)
    if "asker" in groups:
        features |= _asker(asker)
    if "time" in groups:
        features |= _time(local, known)
    if "season" in groups:
        features |= {f"season={s}": 1.0 for s in seasons_of(country_of(asker.locale), local.date())}
    if "user" in groups and person is not None:
        features |= _user(query, person, aggregates)
    if "query" in groups:
        features |= _query(query, aggregates)
    return {name: value for name, value in features.items() if value}


def _text(query: AnalyzedQuery) -> dict[str, float]:
    tokens = query.tokens
    digits = sum([any(map(str.isdigit, token)) for token in tokens])
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
    for reading in query.readings:
        intent = f"intent={_intent(reading)}"
        features[intent] = features.get(intent, 0.0) + reading.likelihood
        if reading.entity:
            wanted = f"entity={reading.entity}"
            features[wanted] = features.get(wanted, 0.0) + reading.likelihood
    if best.slots:
        features["confidence"] = sum([s.confidence for s in best.slots]) / len(best.slots)
    return features | {f"slot={s.about}": s.confidence for s in best.slots}


def _intent(reading: Reading) -> str:
    """What somebody wants who means this reading: things that have values, a topic among them, one item, a topic."""
    if reading.slots:
        return "refined" if reading.residual.strip() else "values"
    return "item" if kind_of_words(reading.residual.split()) == "identifier" else "topic"


def _memory(query: AnalyzedQuery) -> dict[str, float]:
    if not query.remembered:
        return {}
    nearest = max(query.remembered, key=lambda r: r.similarity)
    return {
        "memory_similarity": nearest.similarity,
        "memory_exact": float(nearest.query == query.normalized),
        "memory_queries": len(query.remembered) / 10,
        "memory_entities": len(nearest.entities) / 50,
        "memory_score": max([e.score for e in nearest.entities], default=0.0),
    }


def _asker(asker: Asker) -> dict[str, float]:
    said = (("device", asker.device), ("locale", asker.locale), ("segment", asker.segment))
    return {f"{name}={value}": 1.0 for name, value in said if value}


def _time(local: datetime, known: bool) -> dict[str, float]:
    return {
        f"hour={local.hour}": 1.0,
        f"weekday={local.weekday()}": 1.0,
        f"month={local.month}": 1.0,
        f"day_part={_DAY_PARTS[local.hour // 6]}": 1.0,
        "weekend": float(local.weekday() >= 5),
        "local_time": float(known),
    }


def _user(query: AnalyzedQuery, person: str, aggregates: Aggregates) -> dict[str, float]:
    seen = aggregates.user(person)
    if seen is None:
        return {}
    kinds = seen.kinds
    usual = max(kinds, key=lambda kind: kinds[kind])
    return {
        "user_searches": log1p(seen.asked) / 10,
        "user_success": seen.rewarded_share,
        "user_failed": seen.failed_share,
        f"user_kind={usual}": kinds[usual],
        "user_same_kind": kinds[kind_of(query)],
    }


def _query(query: AnalyzedQuery, aggregates: Aggregates) -> dict[str, float]:
    seen = aggregates.query(query.normalized)
    if seen is None:
        return {}
    return {
        ASKED: log1p(seen.asked) / 10,
        "query_found": seen.found_share,
        "query_failed": seen.failed_share,
        "query_focus": seen.focus,
        f"query_is={crc32(query.normalized.encode()):x}": 1.0,
    }
