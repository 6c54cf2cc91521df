"""Writes a slot as Vowpal Wabbit text: one shared line, one line for each feasible rung.

User text is syntax there and a number that is not finite poisons a model for good, so names are only ever written as
checksums, and every value is checked before it reaches the parser (see docs/learning-loop.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import isfinite
from zlib import crc32

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import Features, Slot

VERSION = 3
"""Of the namespaces below and of what a policy part says beside its model; one of another version is refused."""

INTERACTIONS = ("sa", "ca", "csa", "fsa", "dsa")
"""s: strategy, a: rung, c: context, f: facts of the plan, d: what was drawn before."""

_LARGEST = 1e6


def lines(slot: Slot) -> tuple[list[str], list[int]]:
    """The example without a label, and the ladder's position of each action line."""
    rungs = [i for i, ok in enumerate(slot.feasible) if ok]
    facts = _namespace("f", slot.action)
    drawn = _namespace("d", _drawn(slot))
    strategy = f"|s {_code('strategy=' + slot.strategy)} {_code('source=' + slot.source)}:0.5"
    shared = f"shared {_context(slot.context)} {facts} {drawn} {strategy}"
    return [shared, *[_rung_line(slot.ladder[i]) for i in rungs]], rungs


def interaction_arguments() -> list[str]:
    return [word for one in INTERACTIONS for word in ("--interactions", one)]


def _drawn(slot: Slot) -> dict[str, float]:
    """What the slots before took: each plan's rung, and the candidates together."""
    features = {f"{plan}:{depth}": 1.0 for plan, depth in slot.drawn}
    features["asked"] = sum(depth > 0 for _, depth in slot.drawn) / 5
    return features


def _namespace(name: str, features: Features) -> str:
    words = [f"|{name}"]
    for feature, value in features.items():
        if value == 1.0:
            words.append(_code(feature))
        elif isfinite(value) and abs(value) <= _LARGEST:
            words.append(f"{_code(feature)}:{value:.6g}")
        else:
            raise DataError(f"feature {feature!r} is {value}; policies take finite numbers up to {_LARGEST:g}")
    return " ".join(words)


@lru_cache(maxsize=65_536)
def _code(name: str) -> str:
    return f"x{crc32(name.encode()):x}"


@lru_cache(maxsize=1024)
def _rung_line(depth: int) -> str:
    return f"|a {_code(f'depth={depth}')}"


class _LastContext:
    """The slots of one search share their context object: it is written once. A race only costs a rewrite."""

    def __init__(self) -> None:
        self._last: tuple[Mapping[str, float], str] | None = None

    def __call__(self, context: Features) -> str:
        last = self._last
        if last is None or last[0] is not context:
            self._last = last = (context, _namespace("c", context))
        return last[1]


_context = _LastContext()
