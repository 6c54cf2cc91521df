"""What a policy is told about each plan: what the strategy knows before asking, and what the log says of it so far.

Nothing is asked for it. A strategy that was never asked for a query has no feature of it, which is not the same as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from ltrr_opensearch.choose.features import GROUPS
from ltrr_opensearch.choose.history import told_of
from ltrr_opensearch.kinds import kind_of
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.cells import KIND, OVERALL, QUERY, USER
from ltrr_opensearch.types import AnalyzedQuery, Features, QueryPlan, VectorUse


def action_features(
    plans: Sequence[QueryPlan],
    query: AnalyzedQuery,
    aggregates: Aggregates,
    person: str | None = None,
    groups: tuple[str, ...] = GROUPS,
) -> list[Features]:
    """One mapping a plan. `person`: under which name the log counts who asks, if anybody; `groups`: what is told."""
    keys = [OVERALL, (KIND, kind_of(query)), (QUERY, query.normalized)] + ([(USER, person)] if person else [])
    history = [known for key in keys if (known := told_of(aggregates, key, groups))]
    told: list[Features] = []
    for plan in plans:
        features = _plan(plan) if "plan" in groups else {}
        for known in history:
            features |= known.get(plan.strategy, {})
        told.append(features)
    return told


def _plan(plan: QueryPlan) -> dict[str, float]:
    features = {f"fact_{name}": value for name, value in plan.facts.items() if isfinite(value)}
    features["likelihood"] = plan.likelihood
    features["needs_vector"] = float(plan.vector is VectorUse.NEEDED)
    return features
