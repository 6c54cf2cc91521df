"""Estimators on simulated logs whose truth is known."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from ltrr_opensearch.bench.coverage import HEADLINE, Tries, jobs, least_covered
from ltrr_opensearch.evaluate.direct import DirectModel
from ltrr_opensearch.evaluate.estimators import ESTIMATORS, Terms
from ltrr_opensearch.evaluate.evidence import Evidence, gather
from ltrr_opensearch.evaluate.intervals import Interval
from ltrr_opensearch.evaluate.simulated import (
    BUDGET,
    FLOOR,
    LADDER,
    LOGGERS,
    TARGETS,
    WORLDS,
    draw,
    log,
    rewards,
    searches,
    truth,
)
from ltrr_opensearch.evaluate.slates import SLATES
from ltrr_opensearch.evaluate.table import Rungs, Table
from ltrr_opensearch.evaluate.weights import nested, product

LOGS = 25


@cache
def logged(world: str, logger: str, target: str, size: int, seed: int) -> tuple[Table, Rungs, Evidence, float]:
    """A log, the target's actions, what is known of them, and what they would have earned on these very searches."""
    rng = np.random.default_rng(seed)
    of = searches(WORLDS[world], size, rng)
    table = log(of, *draw(LOGGERS[logger], of, rng))
    rungs = draw(TARGETS[target], of, rng)[1]
    return table, rungs, gather(table, DirectModel.fitted(table), rungs), float(rewards(of, rungs).mean())


def off(
    world: str, logger: str, target: str, estimate: Callable[[Table, Rungs, Evidence], Terms]
) -> tuple[float, float]:
    """Mean error over logs, and how far it is off by chance."""
    errors = []
    for seed in range(LOGS):
        table, rungs, evidence, true = logged(world, logger, target, 1000, seed)
        errors.append(estimate(table, rungs, evidence).value - true)
    return float(np.mean(errors)), float(np.std(errors)) / len(errors) ** 0.5


def _by(name: str) -> Callable[[Table, Rungs, Evidence], Terms]:
    return lambda _table, _rungs, evidence: ESTIMATORS[name].terms(evidence)


def _by_slot(slate: Callable[[Table, Rungs], Terms]) -> Callable[[Table, Rungs, Evidence], Terms]:
    return lambda table, rungs, _evidence: slate(table, rungs)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ["sequential", "dr", "ips"])
def test_whole_weights_are_not_biased(world: str, target: str, name: str) -> None:
    error, chance = off(world, "uniform", target, lambda _t, _r, evidence: ESTIMATORS[name].terms(evidence))
    assert abs(error) < 4 * chance


def test_the_model_alone_is_biased_and_its_correction_is_not() -> None:
    model, chance = off("hard together", "uniform", "constant", lambda _t, _r, e: ESTIMATORS["dm"].terms(e))
    assert abs(model) > 6 * chance


def test_cut_weights_keep_what_they_should() -> None:
    weights = np.array([[0.0], [1.0], [20.0], [60.0]])
    cut = {name: ESTIMATORS[name].weigh(weights)[:, 0] for name in ("drs", "switch", "shrinkage", "dm")}
    assert cut["drs"].tolist() == [0, 1, 20, 20]
    assert cut["switch"].tolist() == [0, 1, 20, 0]
    assert cut["shrinkage"] == pytest.approx([0, 400 / 401, 10, 6])
    assert cut["dm"].tolist() == [0, 0, 0, 0]


def test_estimators_by_slot_are_biased_as_documented() -> None:
    """What two strategies find counts twice where slots are added up, and others' depths are the log's."""
    for name, slate in SLATES.items():
        error, chance = off("plain", "uniform", "constant", _by_slot(slate))
        assert abs(error) > 6 * chance, name


def test_by_slots_is_narrower_than_all_at_once() -> None:
    spread = {name: off("hard together", "uniform", "constant", _by(name))[1] for name in ("sequential", "dr", "ips")}
    assert spread["sequential"] < spread["dr"] < spread["ips"]


@pytest.mark.parametrize("logger", LOGGERS)
def test_weights_have_mean_one_and_say_beforehand_how_large_they_are(logger: str) -> None:
    table, rungs, evidence, _ = logged("plain", logger, "untouched", 20_000, 3)
    weights = evidence.weights[:, -1]
    assert weights.mean() == pytest.approx(1, abs=4 * weights.std() / len(weights) ** 0.5)
    assert np.square(weights).mean() == pytest.approx(evidence.possible.mean(), rel=0.25)
    assert not evidence.unsupported.any()
    assert (nested(table, rungs).chance >= product(table, rungs).chance - 1e-12).all()


def test_the_simulation_draws_as_serving_does() -> None:
    of = searches(WORLDS["hard together"], 5000, np.random.default_rng(1))
    pmf, drawn = draw(LOGGERS["fixed + floor"], of, np.random.default_rng(2))
    spent = LADDER[drawn].cumsum(axis=1)
    assert spent.max() <= BUDGET
    assert pmf.sum(axis=2) == pytest.approx(1)
    assert set(np.round(pmf[:, 0], 6).ravel()) == {round(1 - FLOOR + FLOOR / 4, 6), round(FLOOR / 4, 6)}
    assert (drawn[of.offered == 0] == 0).all()
    shown = np.take_along_axis(pmf, drawn[:, :, None], axis=2)
    assert shown.min() > 0


def test_the_truth_is_what_actions_earn() -> None:
    of = searches(WORLDS["people"], 100_000, np.random.default_rng(4))
    earned = rewards(of, draw(TARGETS["contextual"], of, np.random.default_rng(5))[1])
    known = truth(WORLDS["people"], TARGETS["contextual"], np.random.default_rng(6), count=100_000)
    assert known == pytest.approx(earned.mean(), abs=0.008)


def test_intervals_of_the_headline_cover() -> None:
    """A few logs of one size; `scripts/bench estimators` has five hundred of all."""
    found = {cell: tries for job in jobs(12, sizes=(500,)) for cell, tries in job(lambda _: None).items()}
    cells = [tries for cell, tries in found.items() if cell.what == HEADLINE and len(tries.errors) == 12]
    tried = sum(len(tries.errors) for tries in cells)
    assert len(cells) >= 15
    assert sum(tries.covered for tries in cells) >= least_covered(tried)


def test_the_least_coverage_is_that_of_the_binomial_test() -> None:
    from scipy.stats import binom

    for tried in (20, 100, 500):
        least = least_covered(tried)
        assert binom.cdf(least, tried, 0.95) >= 0.05 > binom.cdf(least - 1, tried, 0.95)
    tries = Tries()
    for estimate in (0.0, 0.2):
        tries.add(estimate, Interval(estimate - 0.1, estimate + 0.1), 0.05)
    assert (tries.covered, tries.coverage) == (1, 0.5)
