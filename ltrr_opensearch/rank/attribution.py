"""How much each feature moved a tree ensemble's score: exact Shapley values beside given rows.

The game: a feature of a coalition has the value of the row that is explained, any other that of a row beside it; what
is asked is the mean score over these (the interventional form, Janzing et al., AISTATS 2020). For a search the rows
beside are its other candidates, so a document is told from those it was ranked among, and a model needs to keep no
statistics of what it was trained on. A leaf is reached where certain features come from the one row and certain from
the other, and of such a game the Shapley values are known in closed form (Lundberg et al., Nature Machine Intelligence
2020, supplement on interventional trees): so it costs leaves times rows times rows beside, and no sampling.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import factorial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.rank.tree import Tree
from ltrr_opensearch.types import Doubles, Matrix

Path = dict[int, list[tuple[int, bool]]]
"""Feature -> the nodes on it that lead to a leaf, and whether to the left."""
Follows = NDArray[np.bool_]

AT_ONCE = 1 << 21
"""Leaves times rows times rows beside times features that are worked on at once, which bounds the memory."""


class _Leaf(NamedTuple):
    value: float
    features: tuple[int, ...]
    here: Follows
    """Per row and feature of the path, whether its tests lead to the leaf."""
    there: Follows


def contributions(trees: Sequence[Tree], features: int, rows: Matrix, beside: Matrix) -> Doubles:
    """A row each, a column a feature. The values of a row add up to its score less the mean score of `beside`."""
    moved = np.zeros((len(rows), features))
    by_size: defaultdict[int, list[_Leaf]] = defaultdict(list)
    for tree in trees:
        for leaf in _leaves(tree, rows, beside):
            by_size[len(leaf.features)].append(leaf)
    for size, leaves in by_size.items():
        step = max(1, AT_ONCE // (len(rows) * len(beside) * size or 1))
        for start in range(0, len(leaves), step):
            some = leaves[start : start + step]
            shares = _shares(np.stack([leaf.here for leaf in some]), np.stack([leaf.there for leaf in some]))
            for leaf, share in zip(some, shares, strict=True):
                moved[:, leaf.features] += leaf.value * share
    return moved


def _shares(here: Follows, there: Follows) -> Doubles:
    """What each feature of a path has of a leaf of value 1, the mean over the rows beside: (leaf, row, feature).

    Feature by feature, since arrays whose last axis is short take several times as long.
    """
    one = [column[:, :, None] for column in np.moveaxis(here, 2, 0).copy()]
    other = [column[:, None, :] for column in np.moveaxis(there, 2, 0).copy()]
    only_here = [a & ~b for a, b in zip(one, other, strict=True)]
    only_there = [b & ~a for a, b in zip(one, other, strict=True)]
    size = here.shape[2]
    reached = np.logical_and.reduce([a | b for a, b in zip(one, other, strict=True)])
    ours, theirs = (
        np.add.reduce([flag.view(np.uint8) for flag in flags], dtype=np.uint16) for flags in (only_here, only_there)
    )
    # a path that is not reached is counted as one on which nothing tells the rows apart
    kind = (ours * np.uint16(size + 1) + theirs) * reached
    gain, loss = (table.ravel()[kind] for table in _weights(size))
    shares = [
        np.einsum("lrb,lrb->lr", gain, a) - np.einsum("lrb,lrb->lr", loss, b)
        for a, b in zip(only_here, only_there, strict=True)
    ]
    return np.asarray(np.stack(shares, axis=2) / there.shape[1])


def _weights(size: int) -> tuple[Doubles, Doubles]:
    """By how many features must be of the row and how many of the other: what one of the former gains, of the latter
    loses."""
    gain, loss = np.zeros((size + 1, size + 1)), np.zeros((size + 1, size + 1))
    for ours in range(size + 1):
        for theirs in range(size + 1 - ours):
            orders = factorial(ours + theirs)
            if ours:
                gain[ours, theirs] = factorial(ours - 1) * factorial(theirs) / orders
            if theirs:
                loss[ours, theirs] = factorial(ours) * factorial(theirs - 1) / orders
    return gain, loss


def _leaves(tree: Tree, rows: Matrix, beside: Matrix) -> Iterator[_Leaf]:
    here, there = _left(tree, rows), _left(tree, beside)
    for leaf, path in _paths(tree):
        yield _Leaf(tree.leaf[leaf], tuple(path), _follows(path, here), _follows(path, there))


def _left(tree: Tree, rows: Matrix) -> Follows:
    """Per row and node, whether it goes left there."""
    values = rows[:, list(tree.feature)].astype(np.float64)
    return np.where(np.isnan(values), np.array(tree.nan_left, dtype=bool), values <= np.array(tree.threshold))


def _follows(path: Path, left: Follows) -> Follows:
    """Per row and feature of the path, whether all its tests on that feature lead to the leaf."""
    columns = []
    for tests in path.values():
        nodes, ways = zip(*tests, strict=True)
        columns.append((left[:, nodes] == np.array(ways)).all(axis=1))
    return np.stack(columns, axis=1)


def _paths(tree: Tree) -> Iterator[tuple[int, Path]]:
    """Every leaf with the way to it; none of a tree that is one leaf, which tells rows apart by nothing."""
    waiting: list[tuple[int, tuple[tuple[int, bool], ...]]] = [(0, ())] if tree.feature else []
    while waiting:
        node, way = waiting.pop()
        for child, to_left in ((tree.left[node], True), (tree.right[node], False)):
            steps = (*way, (node, to_left))
            if child >= 0:
                waiting.append((child, steps))
                continue
            path: Path = {}
            for at, turn in steps:
                path.setdefault(tree.feature[at], []).append((at, turn))
            yield ~child, path
