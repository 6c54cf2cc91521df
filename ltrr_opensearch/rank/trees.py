"""An ensemble of regression trees, scored in numpy: a proxy needs no LightGBM to serve what LightGBM learned.

Scoring follows QuickScorer (Lucchese et al., SIGIR 2015): instead of walking trees, it goes feature by feature. A
node's test that fails strikes out the leaves of the node's left subtree as bits of a word, and the lowest bit that is
left names the leaf. Of a feature's thresholds in ascending order the first few fail, so what they strike out together
is laid down at loading, and a value costs one search among the thresholds. NaN goes where the training library sent
it, noted per node.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.rank.attribution import contributions
from ltrr_opensearch.rank.tree import Tree
from ltrr_opensearch.types import Doubles, Json, Matrix

NAME = "lambdamart"
MOST_LEAVES = 64
"""Leaves of a tree are bits of one word."""
CHUNK = 1 << 19
"""Words of rows and trees worked on at once, so that a long list does not take much memory."""


@dataclass(frozen=True, slots=True)
class _Splits:
    """All splits on one feature. `kept[p, t]`: leaves of tree t that remain where the first p thresholds fail; the last
    row is for NaN."""

    feature: int
    thresholds: NDArray[np.float64]
    kept: NDArray[Any]

    def places(self, values: Matrix) -> NDArray[np.intp]:
        places = np.searchsorted(self.thresholds, values.astype(np.float64))
        places[np.isnan(values)] = len(self.thresholds) + 1
        return places


class TreeRanker:
    """Ensemble of trees as a ranker; the splits of all trees are laid side by side once, at loading."""

    def __init__(self, features: tuple[str, ...], trees: tuple[Tree, ...], name: str = NAME) -> None:
        self.name, self.features, self.trees = name, features, trees
        leaves = max((len(t.leaf) for t in trees), default=1)
        self._word = _word(leaves)
        self._values = np.zeros((len(trees), leaves))
        splits: dict[int, list[tuple[float, int, int, bool]]] = {}
        for i, tree in enumerate(trees):
            order = _leaves_in_order(tree)
            self._values[i, : len(order)] = [tree.leaf[leaf] for leaf in order]
            bit = {leaf: position for position, leaf in enumerate(order)}
            for node, child in enumerate(tree.left):
                struck = sum(1 << bit[leaf] for leaf in _below(tree, child))
                splits.setdefault(tree.feature[node], []).append((tree.threshold[node], i, struck, tree.nan_left[node]))
        self._splits = [self._laid(feature, some) for feature, some in sorted(splits.items())]

    @property
    def used(self) -> frozenset[str]:
        """The features that some tree splits on; the others may as well be unknown."""
        return frozenset(self.features[f] for tree in self.trees for f in tree.feature)

    def score(self, rows: Matrix) -> Matrix:
        if not self.trees:
            return np.zeros(len(rows), dtype=np.float32)
        step = max(1, CHUNK // len(self.trees))
        parts = [self._score(rows[i : i + step]) for i in range(0, len(rows), step)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)

    def contributions(self, rows: Matrix, beside: Matrix) -> Doubles:
        return contributions(self.trees, len(self.features), rows, beside)

    def to_json(self) -> Json:
        trees = [{slot: list(getattr(t, slot)) for slot in Tree.__slots__} for t in self.trees]
        return {"features": list(self.features), "trees": trees}

    def _laid(self, feature: int, splits: Sequence[tuple[float, int, int, bool]]) -> _Splits:
        full = int(np.iinfo(self._word).max)
        thresholds = np.unique([threshold for threshold, *_ in splits])
        kept = np.full((len(thresholds) + 2, len(self.trees)), full, dtype=self._word)
        for threshold, tree, struck, nan_left in splits:
            kept[np.searchsorted(thresholds, threshold) + 1, tree] &= full & ~struck
            if not nan_left:
                kept[-1, tree] &= full & ~struck
        np.bitwise_and.accumulate(kept[:-1], axis=0, out=kept[:-1])
        return _Splits(feature, thresholds, kept)

    def _score(self, rows: Matrix) -> Matrix:
        left = np.full((len(rows), len(self.trees)), np.iinfo(self._word).max, dtype=self._word)
        for splits in self._splits:
            left &= splits.kept[splits.places(rows[:, splits.feature])]
        lowest = left & (~left + self._word(1))
        leaf = np.frexp(lowest.astype(np.float64))[1] - 1
        scores: Matrix = self._values[np.arange(len(self.trees)), leaf].sum(axis=1).astype(np.float32)
        return scores


def from_json(model: Json) -> TreeRanker:
    features = tuple(model["features"])
    trees = tuple(Tree(**{slot: tuple(tree[slot]) for slot in Tree.__slots__}) for tree in model["trees"])
    for i, tree in enumerate(trees):
        if len(tree.leaf) > MOST_LEAVES or len(tree.leaf) != len(tree.feature) + 1:
            raise ModelError(f"tree {i}: {len(tree.feature)} nodes, {len(tree.leaf)} leaves; at most {MOST_LEAVES}")
        if any(not 0 <= f < len(features) for f in tree.feature):
            raise ModelError(f"tree {i} splits on a feature outside the model's {len(features)}")
    return TreeRanker(features, trees)


def from_lightgbm(dumps: Iterable[Json], features: tuple[str, ...]) -> TreeRanker:
    """All trees of some `Booster.dump_model()`s: its score is the sum of theirs."""
    return TreeRanker(features, tuple(_flatten(info["tree_structure"]) for dump in dumps for info in dump["tree_info"]))


def _flatten(root: Json) -> Tree:
    nodes: dict[str, list[Any]] = {slot: [] for slot in Tree.__slots__}

    def visit(node: Json) -> int:
        if "leaf_value" in node:
            nodes["leaf"].append(node["leaf_value"])
            return ~(len(nodes["leaf"]) - 1)
        if node["decision_type"] != "<=":
            raise ModelError(f"a split by {node['decision_type']!r}: categorical features are not supported")
        here = len(nodes["feature"])
        nodes["feature"].append(node["split_feature"])
        nodes["threshold"].append(node["threshold"])
        nodes["nan_left"].append(_nan_left(node))
        nodes["left"].append(0)
        nodes["right"].append(0)
        nodes["left"][here] = visit(node["left_child"])
        nodes["right"][here] = visit(node["right_child"])
        return here

    visit(root)
    return Tree(**{slot: tuple(values) for slot, values in nodes.items()})


def _nan_left(node: Json) -> bool:
    """LightGBM sends NaN its default way, but takes it for 0 where the training data had none in that column."""
    if node["missing_type"] == "Zero":
        raise ModelError("a split that takes zeros for missing values (zero_as_missing) is not supported")
    if node["missing_type"] == "None":
        return bool(node["threshold"] >= 0)
    return bool(node["default_left"])


def _leaves_in_order(tree: Tree) -> list[int]:
    return _below(tree, 0 if tree.feature else ~0)


def _below(tree: Tree, child: int) -> list[int]:
    """Leaves under a child, from left to right."""
    if child < 0:
        return [~child]
    return [*_below(tree, tree.left[child]), *_below(tree, tree.right[child])]


def _word(leaves: int) -> Any:
    return next(w for w in (np.uint8, np.uint16, np.uint32, np.uint64) if np.iinfo(w).bits >= leaves)
