"""How estimates and their intervals do on simulated logs whose truth is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import exp, lgamma, log
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.evaluate.direct import DirectModel
from ltrr_opensearch.evaluate.estimators import ESTIMATORS, SEQUENTIAL
from ltrr_opensearch.evaluate.evidence import gather
from ltrr_opensearch.evaluate.intervals import INTERVALS, LEVEL, Interval, Sample, bootstrap, student
from ltrr_opensearch.evaluate.simulated import LOGGERS, TARGETS, WORLDS, World, draw, searches, truth
from ltrr_opensearch.evaluate.simulated import log as log_of
from ltrr_opensearch.evaluate.slates import SLATES
from ltrr_opensearch.evaluate.support import refusal, support
from ltrr_opensearch.evaluate.table import Rungs, Table
from ltrr_opensearch.evaluate.weights import WEIGHINGS
from ltrr_opensearch.learn_settings import LearnSettings

SIZES = (500, 2_000, 10_000)
COMPARED_AT = 2_000
"""Searches of the logs on which every estimator is tried."""
RESAMPLED = 50
"""Logs whose bootstrap is taken: it costs more than all the rest."""
RESAMPLES = 200
HEADLINE, DIFFERENCE = "headline", "headline, less untouched"
UNTOUCHED = "untouched"
ALPHA = 0.05
_TRUTH_SEED, _LEARN = 1, LearnSettings()


class Cell(NamedTuple):
    world: str
    logger: str
    size: int
    target: str
    what: str
    """An estimator with its weights, or an interval."""


@dataclass
class Tries:
    """Of logs that got a number."""

    errors: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    covered: int = 0

    def add(self, estimate: float, interval: Interval, true: float) -> None:
        self.errors.append(estimate - true)
        self.widths.append(interval.high - interval.low)
        self.covered += interval.low <= true <= interval.high

    @property
    def coverage(self) -> float:
        return self.covered / len(self.errors)

    @property
    def least(self) -> float:
        """The smallest coverage that a binomial test does not tell from `LEVEL`."""
        return least_covered(len(self.errors)) / len(self.errors)


def least_covered(tried: int, level: float = LEVEL) -> int:
    """The fewest of `tried` that a one-sided binomial test at `ALPHA` does not call fewer than `level`."""
    below = 0.0
    for covered in range(tried + 1):
        ways = lgamma(tried + 1) - lgamma(covered + 1) - lgamma(tried - covered + 1)
        below += exp(ways + covered * log(level) + (tried - covered) * log(1 - level))
        if below >= ALPHA:
            return covered
    return tried


Job = Callable[[Callable[[int], None]], "dict[Cell, Tries]"]
"""(told how many logs more were tried) -> all that was tried"""


def jobs(logs: int, sizes: Sequence[int] = SIZES) -> list[Job]:
    """Everything that is tried on `logs` logs, one job of every world, logger and size; no cell is of two."""
    made: list[Job] = []
    for place, (name, world) in enumerate(WORLDS.items()):
        rng = np.random.default_rng(_TRUTH_SEED)
        truths = {target: truth(world, chooser, rng) for target, chooser in TARGETS.items()}
        made += [partial(_tries, name, logger, size, logs, place, truths) for logger in LOGGERS for size in sizes]
    return made


def _tries(
    name: str,
    logger: str,
    size: int,
    logs: int,
    place: int,
    truths: Mapping[str, float],
    advance: Callable[[int], None],
) -> dict[Cell, Tries]:
    found: defaultdict[Cell, Tries] = defaultdict(Tries)
    for number in range(logs):
        seed = np.random.default_rng([number, size, place])
        for target, what, estimate, interval, true in _tried(WORLDS[name], logger, size, number, seed, truths):
            found[Cell(name, logger, size, target, what)].add(estimate, interval, true)
        advance(1)
    return dict(found)


Tried = tuple[str, str, float, Interval, float]


def _tried(
    world: World, logger: str, size: int, number: int, rng: np.random.Generator, truths: Mapping[str, float]
) -> Iterator[Tried]:
    of = searches(world, size, rng)
    table = log_of(of, *draw(LOGGERS[logger], of, rng))
    model = DirectModel.fitted(table)
    samples: dict[str, Sample] = {}
    for target, chooser in TARGETS.items():
        rungs = draw(chooser, of, rng)[1]
        evidence = gather(table, model, rungs)
        sample = ESTIMATORS[SEQUENTIAL].sample(evidence)
        if refusal(support(evidence, sample, int((table.gains[:, 0] > 0).sum())), _LEARN):
            continue
        samples[target] = sample
        yield target, HEADLINE, sample.mean, student(sample), truths[target]
        if size == COMPARED_AT:
            for what, mean, interval in _compared(table, model, rungs, sample, number):
                yield target, what, mean, interval, truths[target]
    for target in samples.keys() - {UNTOUCHED}:
        if UNTOUCHED in samples:
            gap = samples[target].less(samples[UNTOUCHED])
            yield target, DIFFERENCE, gap.mean, student(gap), truths[target] - truths[UNTOUCHED]


def _compared(
    table: Table, model: DirectModel, rungs: Rungs, headline: Sample, number: int
) -> Iterator[tuple[str, float, Interval]]:
    for weights, weighing in WEIGHINGS.items():
        evidence = gather(table, model, rungs, weighing)
        for name, estimator in ESTIMATORS.items():
            sample = estimator.sample(evidence)
            yield f"{weights} {name}", sample.mean, student(sample)
    for name, slate in SLATES.items():
        sample = Sample(slate(table, rungs).influence, table.people, np.inf)
        yield name, sample.mean, student(sample)
    yield "interval: bernstein", headline.mean, INTERVALS["bernstein"](headline)
    if number < RESAMPLED:
        yield "interval: bootstrap", headline.mean, bootstrap(headline, resamples=RESAMPLES, seed=number)
