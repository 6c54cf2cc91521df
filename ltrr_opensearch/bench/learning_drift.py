"""Icecat changes while it is searched: a strategy breaks, tastes flip, half of the catalogue is replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean

from rich.console import Console

from ltrr_opensearch.arena.actions import wanted_by_grade
from ltrr_opensearch.arena.clicks import MAX_GRADE, of_grade
from ltrr_opensearch.arena.drift import Drifted, broken, drift, replaced
from ltrr_opensearch.arena.simulate import Plan
from ltrr_opensearch.arena.world import World
from ltrr_opensearch.bench import learning_icecat
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.demo.stack import Stack

SEEDS, QUICK_SEEDS = 5, 1
BEFORE, AFTER = 4000, 3000
CLOSED = 0.8
"""Of the gap, within `AFTER` searches."""
BREAKS = "lexical"
"""The strategy that the best constants of this catalogue lean on."""


def measure(console: Console, quick: bool, stack: Stack) -> list[Figure]:
    world, queries = learning_icecat.world(console, stack)
    catalogue = data.load(data.find(stack.home))
    seeds = QUICK_SEEDS if quick else SEEDS
    flipped = _flipped(world, catalogue.users, catalogue.judges)
    found: dict[str, list[Drifted]] = {}
    with bar(console, "Drift", 3 * seeds * (2 * BEFORE + AFTER)) as done:
        for seed in range(seeds):
            changes = {
                "strategy_breaks": (world, broken(world, BREAKS)),
                "tastes_flip": (world, flipped),
                "half_replaced": replaced(world, seed),
            }
            for name, (old, new) in changes.items():
                drifted = drift(old, new, queries, Plan(BEFORE, seed=seed), AFTER, done=done)
                found.setdefault(name, []).append(drifted)
    return [figure for name, of in found.items() for figure in _figures(name, of)]


def _flipped(world: World, users: Grades, judges: Grades) -> World:
    """What was rated best is useless now, and the other way round, for people and judges alike."""
    attraction = {q: {d: of_grade(MAX_GRADE - g) for d, g in users[q].items()} for q in world.attraction}
    wanted = {q: wanted_by_grade({d: MAX_GRADE - g for d, g in judges[q].items()}) for q in world.wanted}
    return replace(world, attraction=attraction, wanted=wanted)


Grades = Mapping[str, Mapping[str, int]]


def _figures(name: str, of: list[Drifted]) -> list[Figure]:
    """Gaps are closed by the mean over seeds: a single seed may have hardly any gap to close."""
    mean = Drifted(
        fmean(d.before for d in of),
        {at: fmean(d.curve[at] for d in of) for at in of[0].curve},
        fmean(d.constant for d in of),
        fmean(d.newcomer for d in of),
    )
    made_with = (
        f"{BEFORE} searches before the change, {AFTER} after; before {mean.before:.4f}, frozen {mean.frozen:.4f}, "
        f"best constant {mean.constant:.4f}, learned anew {mean.newcomer:.4f}, by searches since: "
        + ", ".join(f"{at} {value:.4f}" for at, value in mean.curve.items())
    )
    closed = [d.closed for d in of]
    return [
        Figure(
            f"drift_{name}_gap_closed",
            mean.closed,
            "share",
            ("frozen policy", 0.0),
            CLOSED,
            interval=(min(closed), max(closed)),
            spread="range over seeds",
            runs=len(of),
            made_with=made_with,
        )
    ]
