"""Which features of a (query, document) pair the cluster computes: named OpenSearch queries whose score is the value.

A feature set is derived from the index's settings, or spelled there. Its version is a digest of its content, so that
a model can never be fed with features of another meaning. How values are logged is `cluster.feature_logging`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from ltrr_opensearch.index_settings import IndexSettings, PopularitySettings, VectorSettings
from ltrr_opensearch.types import Json, Vector

TEXT = "{{text}}"
VECTOR = "{{vector}}"
OF_BEST = ".of_best"
"""End of the name of a column that holds a feature over the best of its list."""
MOST_FIELDS = 8
"""Text fields with features of their own, by falling boost: each costs every logged hit two or three scorers."""
RECENCY_PIVOT = "365d"
"""Age at which the recency feature is 0.5."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A named query; strings in it may hold the placeholder of the text, or be that of the vector."""

    name: str
    query: Json

    @property
    def needs_vector(self) -> bool:
        return any(s == VECTOR for s in _strings(self.query))

    @property
    def needs_text(self) -> bool:
        return any(TEXT in s for s in _strings(self.query))


@dataclass(frozen=True, slots=True)
class FeatureSet:
    name: str
    version: str
    features: tuple[Feature, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.features)

    def only(self, names: Container[str]) -> FeatureSet:
        """The part of the set that is named; the plugin knows it by the smallest stored set that has it all."""
        text = self.without_vector()
        part = tuple(f for f in self.features if f.name in names or f"{f.name}{OF_BEST}" in names)
        enough = text if not any(f.needs_vector for f in part) else self
        return FeatureSet(enough.name, self.version, part)

    def without_vector(self) -> FeatureSet:
        """The same set for searches with no embedding at hand (the plugin refuses a set whose parameters lack)."""
        if not any(f.needs_vector for f in self.features):
            return self
        return FeatureSet(f"{self.name}_text", self.version, tuple(f for f in self.features if not f.needs_vector))


def derive(index: IndexSettings) -> FeatureSet:
    """The set that the settings name, or else the default one."""
    if index.features is not None:
        features = tuple(Feature(f.name, f.query) for f in index.features)
    else:
        features = tuple(_default(index))
    content = json.dumps([[f.name, f.query] for f in features], sort_keys=True)
    version = hashlib.sha256(content.encode()).hexdigest()[:12]
    return FeatureSet(f"ltrr_{version}", version, features)


def fill(query: Any, text: str, vector: Vector | None) -> Any:
    """The query with its placeholders replaced; it is copied, never changed."""
    if isinstance(query, dict):
        return {k: fill(v, text, vector) for k, v in query.items()}
    if isinstance(query, list):
        return [fill(v, text, vector) for v in query]
    if query == VECTOR and vector is not None:
        return vector.tolist()
    return query.replace(TEXT, text) if isinstance(query, str) else query


def plugin_body(features: FeatureSet) -> Json:
    """The body of `POST /_ltr/_featureset/{name}`. `text` and `vector` are the parameters of its templates."""
    return {"featureset": {"name": features.name, "features": [_template(f) for f in features.features]}}


def _template(feature: Feature) -> Json:
    """A vector needs a template in a string: mustache can only write an array there."""
    params = [name for name, used in (("text", feature.needs_text), ("vector", feature.needs_vector)) if used]
    template: Any = feature.query
    if feature.needs_vector:
        template = json.dumps(feature.query).replace(json.dumps(VECTOR), "{{#toJson}}vector{{/toJson}}")
    return {"name": feature.name, "params": params, "template_language": "mustache", "template": template}


def _default(index: IndexSettings) -> Iterator[Feature]:
    boosts = sorted(index.text_fields.items(), key=lambda item: -item[1])
    fields = [name for name, _ in boosts][:MOST_FIELDS]
    boosted = [f"{name}^{boost:g}" for name, boost in boosts]
    for field in fields:
        yield Feature(f"bm25_{_slug(field)}", {"match": {field: {"query": TEXT}}})
    for field in fields:
        yield Feature(f"all_{_slug(field)}", _flag({"match": {field: {"query": TEXT, "operator": "and"}}}))
    for field in fields:
        yield Feature(f"phrase_{_slug(field)}", {"match_phrase": {field: {"query": TEXT, "slop": 2}}})
    cross = {"query": TEXT, "type": "cross_fields", "fields": boosted}
    yield Feature("cross_or", {"multi_match": cross})
    yield Feature("cross_and", {"multi_match": {**cross, "operator": "and"}})
    if index.popularity:
        yield Feature("popularity", _popularity(index.popularity))
    if index.date_field:
        near = {"field": index.date_field, "origin": "now", "pivot": RECENCY_PIVOT}
        yield Feature("recency", {"distance_feature": near})
    if index.vector:
        yield Feature("dense", _dense(index.vector))


def _flag(query: Json) -> Json:
    return {"constant_score": {"filter": query}}


def _popularity(popularity: PopularitySettings) -> Json:
    """log10(1 + value). A negative value would fail the whole search, so such a document has no value instead."""
    factor = {"field": popularity.field, "modifier": "log1p"}
    known = {"range": {popularity.field: {"gte": 0}}}
    return {"function_score": {"query": known, "field_value_factor": factor, "boost_mode": "replace"}}


def _dense(vector: VectorSettings) -> Json:
    """Exact similarity, for `cosinesimil` (1 + cosine) / 2: an approximate `knn` has no score outside its k."""
    params = {"field": vector.field, "query_value": VECTOR, "space_type": vector.space_type}
    script = {"lang": "knn", "source": "knn_score", "params": params}
    return {"script_score": {"query": {"exists": {"field": vector.field}}, "script": script}}


def _slug(field: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in field.lower())


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
