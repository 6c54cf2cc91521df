"""What we say to the LTR plugin about models, and what its answers mean. Pure.

The plugin's own scorer knows nothing of plan ranks or of the query, so a model that runs there reads logged features
alone (`rank.in_cluster` splits it off). Two of its habits decide how a model is written: `model/linear` takes an
unknown feature for 0, which is our rule too; `model/xgboost+json` sends an unknown feature to the `no` branch whatever
`missing` says (3.6.0).
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.rank.feature_sets import FeatureSet
from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.rank.tree import Tree
from ltrr_opensearch.rank.trees import TreeRanker
from ltrr_opensearch.types import Json, Vector

KNOWN = float(np.finfo(np.float32).max)
"""`value < KNOWN` is true for every known value and false for an unknown one."""

MOST_MODELS = 1000
"""Models listed in one go; what is beyond comes the next time."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to be sent as it stands."""

    method: str
    path: str
    body: Json | None = None


def create_model(name: str, features: FeatureSet, ranker: LinearRanker | TreeRanker) -> Exchange:
    """A model keeps its own copy of the set, and a name can be given only once (405 after that)."""
    if foreign := sorted(ranker.used - set(features.names)):
        raise ModelError(
            f"model {name}: the plugin cannot compute {', '.join(foreign)}; train it on the features of "
            f"{features.name} alone"
        )
    if isinstance(ranker, LinearRanker):
        weights = {n: w for n, w in zip(ranker.features, ranker.weights.tolist(), strict=True) if n in ranker.used}
        model = {"type": "model/linear", "definition": json.dumps(weights)}
    else:
        trees = [_xgboost(tree, ranker.features) for tree in ranker.trees]
        model = {"type": "model/xgboost+json", "definition": json.dumps(trees)}
    body = {"model": {"name": name, "model": model}}
    return Exchange("POST", _creation(features.name), body)


def list_models(prefix: str) -> Exchange:
    """The names of models that start so; whole models may be megabytes."""
    return Exchange("GET", f"/_ltr/_model?prefix={prefix}&size={MOST_MODELS}&filter_path=hits.hits._source.name")


def listed(answer: Json) -> list[str]:
    return [hit["_source"]["name"] for hit in answer.get("hits", {}).get("hits", ())]


def model_start(prefix: str, index: str) -> str:
    """What the names of an index's models begin with."""
    return f"{prefix}_{re.sub('[^a-z0-9]', '_', index)}_"


def delete_model(name: str) -> Exchange:
    return Exchange("DELETE", f"/_ltr/_model/{name}")


def rescore(body: Json, model: str, text: str, vector: Vector | None, window: int, active: Sequence[str]) -> Json:
    """The search re-ranked by a stored model: scores within the window are the model's, below it 0.

    `active`: the features to compute; the others count as unknown, and the parameters that they need may lack.
    """
    params: Json = {"text": text} if vector is None else {"text": text, "vector": vector.tolist()}
    scorer = {"model": model, "params": params, "active_features": list(active)}
    query = {"query_weight": 0, "rescore_query_weight": 1, "rescore_query": {"sltr": scorer}}
    return {**body, "rescore": [*body.get("rescore", []), {"window_size": window, "query": query}]}


def same_model(stored: Json, exchange: Exchange) -> bool:
    """Whether the answer of `GET /_ltr/_model/{name}` is the model that the exchange would create."""
    assert exchange.body is not None
    found, ours = stored["_source"]["model"], exchange.body["model"]["model"]
    same_set = exchange.path == _creation(found["feature_set"]["name"])
    return same_set and all(found["model"].get(key) == ours[key] for key in ours)


def exists(status: object, body: Any) -> bool:
    """Whether an answer says that what was to be created is there already."""
    error = body.get("error", body) if isinstance(body, dict) else body
    why = str(error.get("reason", error)) if isinstance(error, dict) else str(error)
    return status in (400, 405, 409) and ("already exist" in why or "not updatable" in why)


def _creation(feature_set: str) -> str:
    return f"/_ltr/_featureset/{feature_set}/_createmodel"


def _xgboost(tree: Tree, names: tuple[str, ...]) -> Json:
    return _numbered(_subtree(tree, 0 if tree.feature else ~0, names, depth=0), itertools.count())


def _subtree(tree: Tree, child: int, names: tuple[str, ...], depth: int) -> Json:
    """A subtree as XGBoost writes it, whose test is `value < split_condition`.

    `value <= t` is `value < the next float32 after t`. Where an unknown value belongs to the left, the `no` branch
    first asks whether the value is known at all, and repeats the left subtree if it is not.
    """
    if child < 0:
        return {"leaf": tree.leaf[~child]}
    split, above = names[tree.feature[child]], _next_float(tree.threshold[child])
    left = _subtree(tree, tree.left[child], names, depth + 1)
    if not tree.nan_left[child]:
        return _test(split, above, depth, left, _subtree(tree, tree.right[child], names, depth + 1))
    again = _subtree(tree, tree.left[child], names, depth + 2)
    right = _subtree(tree, tree.right[child], names, depth + 2)
    return _test(split, above, depth, left, _test(split, KNOWN, depth + 1, right, again))


def _test(split: str, condition: float, depth: int, yes: Json, no: Json) -> Json:
    return {"depth": depth, "split": split, "split_condition": condition, "children": [yes, no]}


def _numbered(node: Json, numbers: Iterator[int]) -> Json:
    """The tree with node numbers in preorder, and each test saying where its branches go."""
    here = next(numbers)
    if "leaf" in node:
        return {"nodeid": here, **node}
    yes, no = (_numbered(child, numbers) for child in node["children"])
    branches = {"yes": yes["nodeid"], "no": no["nodeid"], "missing": no["nodeid"], "children": [yes, no]}
    return {"nodeid": here, **node, **branches}


def _next_float(threshold: float) -> float:
    """The smallest float32 above the threshold; values are float32 in the plugin.

    A split on whether a value is known at all has a threshold that no float32 reaches (1e300 in LightGBM).
    """
    if abs(threshold) >= KNOWN:
        return math.copysign(KNOWN, threshold)
    nearest = np.float32(threshold)
    return float(nearest if float(nearest) > threshold else np.nextafter(nearest, np.float32(np.inf)))
