"""What a live experiment has shown so far: each arm, their difference, and which one people prefer on one page. Pure.

People are the independent observations, their searches are not: a measure of an arm is a ratio over its people. Every
interval and p-value holds however often somebody looks (`sequential.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import erfc, sqrt

import numpy as np

from ltrr_opensearch.evaluate.sequential import Estimate, Look, difference, ratio_of, sequence
from ltrr_opensearch.evaluate.table import Floats
from ltrr_opensearch.experiment.interleave import preference
from ltrr_opensearch.types import Json

MEASURES = ("success", "gain", "reciprocal", "took_ms")
SUSPECT = 0.001
"""A division of people less likely than this is no chance (Fabijan et al. 2019, "Diagnosing sample ratio mismatch")."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One search of the experiment and what followed. `arm` is None where both arms made the page."""

    person: str
    query: str
    arm: str | None
    success: float
    """1 where anything was acted upon."""
    gain: float
    """Of the object that was worth most."""
    reciprocal: float
    """1 / rank of the first object acted upon; 0 where there was none."""
    took_ms: float
    first: str | None = None
    """The team of the first hit."""
    credits: tuple[tuple[str, float], ...] = ()
    """(team, gain) of each object acted upon that a team had picked."""


@dataclass(frozen=True, slots=True)
class Arm:
    name: str
    people: int
    searches: int
    measures: dict[str, Estimate]
    median_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Preferred:
    """Pages of both arms: how many the second won, lost, and tied, and the mean of 1, -1 and 0 over them."""

    wins: int
    losses: int
    ties: int
    people: int
    look: Look


@dataclass(frozen=True, slots=True)
class Ratio:
    """How people (or first places) fell to the arms, and how likely that is by chance where half was meant for each."""

    what: str
    counts: tuple[int, int]
    p: float

    @property
    def mismatch(self) -> bool:
        return self.p < SUSPECT


@dataclass(frozen=True, slots=True)
class Report:
    """`differences`: second arm less first, by measure. A `preferred` there is only of interleaved searches."""

    names: tuple[str, str]
    arms: tuple[Arm, ...]
    differences: dict[str, Look]
    preferred: Preferred | None
    ratios: tuple[Ratio, ...]

    def to_json(self) -> Json:
        arms = {a.name: asdict(a) | {"measures": {m: e._asdict() for m, e in a.measures.items()}} for a in self.arms}
        told: Json = {"arms": arms, "second_less_first": {m: _told(look) for m, look in self.differences.items()}}
        if self.preferred:
            told["preferred"] = asdict(self.preferred) | {"look": _told(self.preferred.look)}
        told["ratios"] = [asdict(r) | {"mismatch": r.mismatch} for r in self.ratios]
        return {"first": self.names[0], "second": self.names[1], **told}


def report(searches: Sequence[Observed], names: tuple[str, str], tuned_at: float) -> Report:
    split = [[s for s in searches if s.arm == name] for name in names]
    both = [s for s in searches if s.arm is None]
    arms = tuple(_arm(name, own) for name, own in zip(names, split, strict=True) if own)
    differences = {}
    if len(arms) == 2:
        first, second = arms
        for m in MEASURES:
            differences[m] = sequence(difference(second.measures[m], first.measures[m]), tuned_at=tuned_at)
    ratios = [_ratio("people", *(len({s.person for s in own}) for own in split))] if arms else []
    if both:
        firsts = Counter(s.first for s in {(s.person, s.query): s for s in both}.values())
        ratios.append(_ratio("first places", *(firsts[name] for name in names)))
    return Report(names, arms, differences, _preferred(both, names, tuned_at) if both else None, tuple(ratios))


def _arm(name: str, searches: Sequence[Observed]) -> Arm:
    times = np.array([s.took_ms for s in searches])
    return Arm(
        name=name,
        people=len({s.person for s in searches}),
        searches=len(searches),
        measures={m: _by_person((s.person, getattr(s, m)) for s in searches) for m in MEASURES},
        median_ms=float(np.median(times)),
        p95_ms=float(np.quantile(times, 0.95)),
    )


def _preferred(searches: Sequence[Observed], names: tuple[str, str], tuned_at: float) -> Preferred:
    won = [preference((names.index(team), gain) for team, gain in s.credits if team in names) for s in searches]
    counts = Counter(won)
    estimate = _by_person((s.person, float(one)) for s, one in zip(searches, won, strict=True))
    look = sequence(estimate, tuned_at=tuned_at)
    return Preferred(counts[1], counts[-1], counts[0], len({s.person for s in searches}), look)


def _by_person(values: Iterable[tuple[str, float]]) -> Estimate:
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for who, value in values:
        sums[who] += value  # type: ignore[assignment]  # a Counter adds floats as well
        counts[who] += 1
    return ratio_of(_column(sums.values()), _column(counts.values()))


def _column(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=np.float64)


def _ratio(what: str, first: int, second: int) -> Ratio:
    """Pearson's chi-square of one degree of freedom; its upper tail is the normal's two."""
    total = first + second
    square = (first - second) ** 2 / total if total else 0.0
    return Ratio(what, (first, second), erfc(sqrt(square / 2)))


def _told(look: Look) -> Json:
    """JSON has no infinity: an interval that says nothing yet is null."""
    told: Json = look._asdict()
    return told if abs(look.low) != float("inf") else told | {"low": None, "high": None}
