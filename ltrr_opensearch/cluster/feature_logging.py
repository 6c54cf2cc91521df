"""Logging feature values of the hits of a search: two ways behind one interface. Pure.

`NamedScores` needs nothing but core OpenSearch 3: a weightless `rescore` of named queries, whose scores come back on
every hit through the URL parameter `include_named_queries_score`. `LtrPlugin` asks the LTR plugin to log a stored
feature set. Both leave the ranking as it was and give the same names and values; a feature that does not match is
absent in both (never 0, so that "no such value" and "value 0" stay apart).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ltrr_opensearch.rank.feature_sets import FeatureSet, fill
from ltrr_opensearch.types import Features, Json, Vector

PREFIX = "ltrr:"
"""Marks our named queries, so that others' can be told apart."""
LOG_NAME = "ltrr"
NAMED_SCORES = "include_named_queries_score"


class FeatureLogging(Protocol):
    def instrument(
        self, body: Json, params: dict[str, str], features: FeatureSet, text: str, vector: Vector | None
    ) -> tuple[Json, dict[str, str]]:
        """The search body and URL parameters that log the features as well. The arguments stay unchanged."""

    def read(self, hit: Json, features: FeatureSet) -> Features:
        """The values that were logged for the hit; a feature that did not match is absent."""


@dataclass(frozen=True, slots=True)
class NamedScores:
    def instrument(
        self, body: Json, params: dict[str, str], features: FeatureSet, text: str, vector: Vector | None
    ) -> tuple[Json, dict[str, str]]:
        usable = features if vector is not None else features.without_vector()
        named = [_named(f.name, fill(f.query, text, vector)) for f in usable.features]
        if not named:
            return body, params
        # Values are read in the fetch phase, so the smallest window does.
        rescored = _with_rescore(body, {"bool": {"should": named}}, window=1)
        return rescored, {**params, NAMED_SCORES: "true"}

    def read(self, hit: Json, features: FeatureSet) -> Features:  # noqa: ARG002  no others were asked for
        matched = hit.get("matched_queries", {}).items()
        return {key[len(PREFIX) :]: float(value) for key, value in matched if key.startswith(PREFIX)}


@dataclass(frozen=True, slots=True)
class LtrPlugin:
    def instrument(
        self, body: Json, params: dict[str, str], features: FeatureSet, text: str, vector: Vector | None
    ) -> tuple[Json, dict[str, str]]:
        usable = features if vector is not None else features.without_vector()
        if not usable.features:
            return body, params
        values: Json = {"text": text} if vector is None else {"text": text, "vector": vector.tolist()}
        # Every recorded exchange of the plugin has a window that covers the page, so ours does too.
        query = {"sltr": {"featureset": usable.name, "params": values}}
        return logged_last(_with_rescore(body, query, page_window(body))), params

    def read(self, hit: Json, features: FeatureSet) -> Features:
        logs = hit.get("fields", {}).get("_ltrlog", [{}])
        logged = {f["name"]: f["value"] for f in logs[0].get(LOG_NAME, []) if "value" in f}
        return {name: float(logged[name]) for name in features.names if name in logged}


def page_window(body: Json) -> int:
    """How many hits a rescore must cover for all of the page to be in it."""
    return max(1, int(body.get("from", 0)) + int(body.get("size", 10)))


def logged_last(body: Json) -> Json:
    """The body that has the plugin log the features of the last rescore."""
    spec = {"name": LOG_NAME, "rescore_index": len(body["rescore"]) - 1}
    return {**body, "ext": {**body.get("ext", {}), "ltr_log": {"log_specs": [spec]}}}


def _with_rescore(body: Json, query: Json, window: int) -> Json:
    """The body with one more rescore, which adds nothing to any score."""
    before: Any = body.get("rescore", [])
    weightless = {"query_weight": 1, "rescore_query_weight": 0, "rescore_query": query}
    ours = {"window_size": window, "query": weightless}
    return {**body, "rescore": [*(before if isinstance(before, list) else [before]), ours]}


def _named(name: str, query: Json) -> Json:
    """The query with its `_name`, wrapped in a `bool` where its own syntax has no place for one."""
    return {"bool": {"must": [query], "_name": PREFIX + name}}
