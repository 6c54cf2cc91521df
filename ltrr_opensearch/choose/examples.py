"""Writes a slot as Vowpal Wabbit text: one shared line, one line for each feasible rung.

User text is syntax there and a number that is not finite poisons a model for good, so names are only ever written as
checksums, and every value is checked before it reaches the parser (see docs/learning-loop.md).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
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
    strategy = _strategy(slot.strategy, slot.source)
    shared = f"shared {_context(slot.context)} {_facts(slot.action)} {_drawn(slot.drawn)} {strategy}"
    return [shared, *[_rung_line(slot.ladder[i]) for i in rungs]], rungs


def interaction_arguments() -> list[str]:
    return [word for one in INTERACTIONS for word in ("--interactions", one)]


@lru_cache(maxsize=4096)
def _drawn(drawn: tuple[tuple[str, int], ...]) -> str:
    """What the slots before took: each plan's rung, and how many were asked."""
    features = {f"{plan}:{depth}": 1.0 for plan, depth in drawn}
    features["asked"] = sum(depth > 0 for _, depth in drawn) / 5
    return _namespace("d", features)


@lru_cache(maxsize=1024)
def _strategy(strategy: str, source: str) -> str:
    return f"|s {_code('strategy=' + strategy)} {_code('source=' + source)}:0.5"


def _namespace(name: str, features: Features) -> str:
    words = [f"|{name}"]
    for feature, value in features.items():
        if value == 1.0:
            words.append(_code(feature))
        elif -_LARGEST <= value <= _LARGEST:  # which no NaN is
            words.append(f"{_code(feature)}:{value:.6g}")
        else:
            raise DataError(f"feature {feature!r} is {value}; policies take finite numbers up to {_LARGEST:g}")
    return " ".join(words)


def _facts_of(features: Features) -> str:
    """Facts of plans have the same names search after search, so that one template writes them all at once."""
    values = tuple(features.values())
    if sum(map(abs, values)) <= _LARGEST:  # which is False for what is not finite
        return _template(tuple(features)) % values
    return _namespace("f", features)


@lru_cache(maxsize=1024)
def _template(names: tuple[str, ...]) -> str:
    return " ".join(["|f", *[f"{_code(name)}:%.6g" for name in names]])


@lru_cache(maxsize=65_536)
def _code(name: str) -> str:
    return f"x{crc32(name.encode()):x}"


@lru_cache(maxsize=1024)
def _rung_line(depth: int) -> str:
    return f"|a {_code(f'depth={depth}')}"


class _Written:
    """Features as text, written once for all slots that share the object, as those of one search do.

    What is kept holds on to its features, so that no others take their place in memory. A race only costs a rewrite.
    """

    def __init__(self, write: Callable[[Features], str]) -> None:
        self._write = write
        self._kept: dict[int, tuple[Features, str]] = {}

    def __call__(self, features: Features) -> str:
        kept = self._kept.get(id(features))
        if kept is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            kept = self._kept[id(features)] = (features, self._write(features))
        return kept[1]


_KEPT = 32
"""About the plans of a search, as it was and as if its query were new."""
_context, _facts = _Written(partial(_namespace, "c")), _Written(_facts_of)
