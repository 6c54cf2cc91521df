"""Logging features and scoring by a model of the LTR plugin, in one request. Pure.

The score comes back as one more feature, so that whoever asks for features needs to know nothing of where a ranker
runs. Only what is asked for is computed, and without an embedding nothing that needs one; the model takes the rest for
unknown, as it does in the proxy.
"""

from __future__ import annotations

from dataclasses import dataclass

from ltrr_opensearch.cluster import ltr_plugin
from ltrr_opensearch.cluster.feature_logging import LtrPlugin, logged_last, page_window
from ltrr_opensearch.rank.feature_sets import FeatureSet
from ltrr_opensearch.rank.in_cluster import SCORE
from ltrr_opensearch.types import Features, Json, Vector


@dataclass(frozen=True, slots=True)
class ModelScores:
    """A `FeatureLogging`. `model` is stored in the plugin; of its feature set, all that it reads must be asked for."""

    model: str

    def instrument(
        self, body: Json, params: dict[str, str], features: FeatureSet, text: str, vector: Vector | None
    ) -> tuple[Json, dict[str, str]]:
        usable = features if vector is not None else features.without_vector()
        rescored = ltr_plugin.rescore(body, self.model, text, vector, page_window(body), usable.names)
        return logged_last(rescored), params

    def read(self, hit: Json, features: FeatureSet) -> Features:
        return {**LtrPlugin().read(hit, features), SCORE: float(hit["_score"])}
