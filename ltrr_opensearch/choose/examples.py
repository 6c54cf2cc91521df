"""Writes a slot for Vowpal Wabbit: features by namespace, of the slot and of each feasible rung.

User text would be syntax there and a number that is not finite poisons a model for good, so names are only ever written
as checksums, and every value is checked before it reaches the library (see docs/learning-loop.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import Features

VERSION = 3
"""Of the namespaces below and of what a policy part says beside its model; one of another version is refused."""

CONTEXT, FACTS, DRAWN, STRATEGY, RUNG = "c", "f", "d", "s", "a"
INTERACTIONS = ("sa", "ca", "csa", "fsa", "dsa")
"""s: strategy, a: rung, c: context, f: facts of the plan, d: what was drawn before."""

_LARGEST = 1e6


def interaction_arguments() -> list[str]:
    return [word for one in INTERACTIONS for word in ("--interactions", one)]


def checked(features: Features) -> Features:
    """The features that say something, which a 0 does not; all of them can be learned from."""
    values = features.values()
    if not sum(map(abs, values)) <= _LARGEST:  # which no NaN is
        for feature, value in features.items():
            if not -_LARGEST <= value <= _LARGEST:
                raise DataError(f"feature {feature!r} is {value}; policies take finite numbers up to {_LARGEST:g}")
    return {name: value for name, value in features.items() if value} if 0.0 in values else features


def drawn_features(drawn: Iterable[tuple[str, int]]) -> Features:
    """What the slots before took: each plan's rung, and how many were asked."""
    rungs = list(drawn)
    return {**{f"{plan}:{depth}": 1.0 for plan, depth in rungs}, "asked": sum(depth > 0 for _, depth in rungs) / 5}


def strategy_features(strategy: str, source: str) -> Features:
    return {f"strategy={strategy}": 1.0, f"source={source}": 0.5}


@lru_cache(maxsize=1024)
def rung_line(depth: int) -> str:
    """A rung as Vowpal Wabbit text."""
    return f"|{RUNG} {code(f'depth={depth}')}"


def code(name: str) -> str:
    """A name that has no syntax in it."""
    return f"x{crc32(name.encode()):x}"
