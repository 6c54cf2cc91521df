"""Estimators against a simulated truth: bias, coverage, refusal."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.evaluate.direct import DirectModel
from ltrr_opensearch.evaluate.estimators import ESTIMATORS, Evidence, Terms, effective_sample
from ltrr_opensearch.evaluate.intervals import bootstrap, bootstrap_difference, empirical_bernstein
from ltrr_opensearch.evaluate.off_policy import BEST_CONSTANT, LOGGED, ORIGINAL_ONLY, compare, drawn_by
from ltrr_opensearch.evaluate.table import Table
from ltrr_opensearch.logged import Round
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Slot
from tests.worlds import reward, searches, serve, value

SETTINGS = Settings()
OWN = {"original": "identifier", "structured": "values", "q2e": "words", "knn": "sentence"}


@dataclass
class Knowing:
    """A good, random, contextual target: deep where the strategy is at home, mostly nothing elsewhere."""

    name: str = "knowing"

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        home = f"kind={OWN[slot.strategy]}" in slot.context
        return (0.0, 0.3, 0.6, 0.1) if home and slot.feasible[3] else (0.8, 0.2, 0.0, 0.0)


TRUTH = value(Knowing(), searches(8000, 77), SETTINGS)


def log(policy: Policy, count: int, seed: int, explore: bool = True) -> list[Round]:
    return [serve(s, policy, SETTINGS, explore, seed) for s in searches(count, 1000 + seed)]


def evidence(rounds: list[Round], target: Policy) -> Evidence:
    table = Table.of(rounds, SETTINGS)
    rungs = drawn_by(target, table, SETTINGS)
    return Evidence(table.nested_weights(rungs), table.rewards(rungs), DirectModel.fitted(table).rewards(rungs))


def test_logged_rewards_are_the_rewards() -> None:
    rounds = log(Uniform(), 200, 1)
    table = Table.of(rounds, SETTINGS)
    assert table.rewards(table.drawn) == pytest.approx(np.array([reward(r, SETTINGS) for r in rounds]))


@pytest.mark.parametrize("logger", [Uniform(), Fixed(50)])
def test_nested_weights_have_mean_one(logger: Policy) -> None:
    weights = np.concatenate([evidence(log(logger, 1000, seed), Fixed(10)).weights for seed in range(6)])
    assert weights.mean() == pytest.approx(1, abs=4 * weights.std() / len(weights) ** 0.5)


def test_the_doubly_robust_interval_covers_the_truth() -> None:
    covered, errors = 0, []
    for seed in range(24):
        terms = ESTIMATORS["dr"](evidence(log(Fixed(50), 500, seed), Knowing()))
        interval = bootstrap(terms, 0, resamples=200)
        covered += interval.low - 0.005 <= TRUTH <= interval.high + 0.005
        errors.append(terms.value - TRUTH)
    assert covered >= 20
    assert abs(np.mean(errors)) < 0.01


def test_a_shift_moves_self_normalised_estimates_by_itself() -> None:
    given = evidence(log(Uniform(), 500, 3), Knowing())
    moved = given._replace(rewards=given.rewards + 1)
    assert ESTIMATORS["snips"](moved).value == pytest.approx(ESTIMATORS["snips"](given).value + 1)


def test_what_the_log_does_not_support_gets_no_number() -> None:
    report = compare({"deep": Fixed(0, {"original": 200, "knn": 200})}, log(Fixed(50), 200, 1), SETTINGS)
    row = report.row("deep")
    assert row.value is None
    assert row.interval is None
    assert "fewer than learn.min_effective 50" in row.refused
    assert report.difference("deep", LOGGED) is None


def test_a_report_sets_policies_beside_the_simple_ones() -> None:
    report = compare({"knowing": Knowing(), "safe": Fixed(50)}, log(Uniform(), 2000, 2), SETTINGS)
    assert [r.name for r in report.rows] == [LOGGED, "knowing", "safe", BEST_CONSTANT, ORIGINAL_ONLY]
    assert report.row("knowing").value == pytest.approx(TRUTH, abs=0.02)
    assert report.row(ORIGINAL_ONLY).value == pytest.approx(0.63, abs=0.05)
    assert report.row(LOGGED).bounded is not None
    difference = report.difference("knowing", ORIGINAL_ONLY)
    assert difference is not None
    assert difference[1].low > 0.2
    assert set(report.to_json()["policies"]) == {r.name for r in report.rows}


def test_rounds_without_exploration_are_left_out() -> None:
    rounds = log(Uniform(), 100, 5) + log(Uniform(), 50, 6, explore=False)
    other = replace(rounds[0], decision=replace(rounds[0].decision, ladder=(0, 5)))
    report = compare({}, [*rounds, other], SETTINGS)
    assert (report.rounds, report.left_out) == (100, 51)
    assert compare({}, rounds[100:], SETTINGS).rows == ()


def test_intervals() -> None:
    rng = np.random.default_rng(0)
    missed = wide = 0
    for _ in range(200):
        x = rng.beta(2, 5, 100)
        inner, outer = bootstrap(Terms(x, np.ones(100)), 0, resamples=200), empirical_bernstein(x, 0, 1)
        missed += not inner.low <= 2 / 7 <= inner.high
        wide += outer.low <= 2 / 7 <= outer.high
    assert missed <= 24
    assert wide == 200
    a, b = Terms(x + 0.1, np.ones(100)), Terms(x, np.ones(100))
    assert bootstrap_difference(a, b, 1) == pytest.approx((0.1, 0.1))


def test_effective_sample() -> None:
    assert effective_sample(np.ones(7)) == pytest.approx(7)
    assert effective_sample(np.array([1.0, 0, 0])) == pytest.approx(1)
    assert effective_sample(np.zeros(3)) == 0
