"""One regression tree of an ensemble, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes in preorder; a child c >= 0 is node c, c < 0 is leaf ~c. Left is taken when `value <= threshold`."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    nan_left: tuple[bool, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    leaf: tuple[float, ...]
