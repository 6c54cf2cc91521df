"""Icecat changes while it is searched: a strategy breaks, tastes flip, half of the catalogue is replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean

from rich.console import Console

from ltrr_opensearch.arena.actions import wanted_by_grade
from ltrr_opensearch.arena.clicks import MAX_GRADE, of_grade
from ltrr_opensearch.arena.drift import Drifted, broken, closed, drift, replaced
from ltrr_opensearch.arena.simulate import Done, Plan
from ltrr_opensearch.arena.world import World
from ltrr_opensearch.bench import learning_icecat
from ltrr_opensearch.bench.at_once import at_once
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.recorded import as_suite
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.stack import Stack

Grades = Mapping[str, Mapping[str, int]]
SEEDS, QUICK_SEEDS = 10, 1
BEFORE, AFTER = 4000, 3000
CLOSED = 0.8
"""Of the gap, within `AFTER` searches."""
BREAKS = "lexical"
"""The strategy that the best constants of this catalogue lean on."""


def played(console: Console, quick: bool, stack: Stack) -> list[Figure]:
    world, queries = learning_icecat.world(console, stack)
    catalogue = data.load(data.find(stack.home))
    seeds = QUICK_SEEDS if quick else SEEDS
    flipped = _flipped(world, catalogue.users, catalogue.judges)
    jobs = {
        (name, seed): partial(_changed, old, new, queries, seed)
        for seed in range(seeds)
        for name, (old, new) in _changes(world, flipped, seed).items()
    }
    drifted = at_once(console, "Drift", len(jobs) * (2 * BEFORE + AFTER), list(jobs.values()))
    found: dict[str, list[Drifted]] = {}
    for (name, _), one in zip(jobs, drifted, strict=True):
        found.setdefault(name, []).append(one)
    return [figure for name, of in found.items() for figure in _figures(name, of)]


def _changes(world: World, flipped: World, seed: int) -> Mapping[str, tuple[World, World]]:
    """(before, after) of each change."""
    return {
        "strategy_breaks": (world, broken(world, BREAKS)),
        "tastes_flip": (world, flipped),
        "half_replaced": replaced(world, seed),
    }


def _changed(old: World, new: World, queries: Sequence[str], seed: int, done: Done) -> Drifted:
    return drift(old, new, queries, Plan(BEFORE, seed=seed), AFTER, done=done)


def _flipped(world: World, users: Grades, judges: Grades) -> World:
    """What was rated best is useless now, and the other way round, for people and judges alike."""
    attraction = {q: {d: of_grade(MAX_GRADE - g) for d, g in users[q].items()} for q in world.attraction}
    wanted = {q: wanted_by_grade({d: MAX_GRADE - g for d, g in judges[q].items()}) for q in world.wanted}
    return replace(world, attraction=attraction, wanted=wanted)


def _figures(name: str, of: list[Drifted]) -> list[Figure]:
    """Over all seeds together: a single one may have hardly any gap to close."""
    curve = ", ".join(f"{at} {fmean(d.curve[at] for d in of):.4f}" for at in of[0].curve)
    made_with = (
        f"{BEFORE} searches before the change, {AFTER} after, no gate; before {fmean(d.before for d in of):.4f}, best "
        f"constant {fmean(d.constant for d in of):.4f}, learned anew {fmean(d.newcomer for d in of):.4f}, best of both "
        f"{fmean(d.best for d in of):.4f}; by searches since the change {curve}"
    )
    each = [closed([d]) for d in of]
    beside = "frozen policy", 0.0
    figure = Figure(f"drift_{name}_gap_closed", closed(of), "share", beside, CLOSED, made_with=made_with)
    return [figure.ranging(each, "seeds")]


measure = as_suite(played)
