"""A policy in training beside what serves and beside the safe plan, on searches with a known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ltrr_opensearch.choose.apprentice import Apprentice
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.evaluate.constant import safe_plan
from ltrr_opensearch.evaluate.off_policy import drawn_by
from ltrr_opensearch.evaluate.table import Table
from ltrr_opensearch.learn.compare import compare_policies
from ltrr_opensearch.learn.gate import judge
from ltrr_opensearch.logged import Round
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.settings import Settings
from tests.worlds import searches, serve, value

SETTINGS = Settings.model_validate({"choose": {"safe_depth": 50}})
ACTING = 0.3
THREE, TWO = Fixed(0, {"structured": 10, "q2e": 10, "knn": 10}), Fixed(0, {"structured": 10, "q2e": 10})


@dataclass
class Settled:
    """Has learned all that it will."""

    drawing: Policy

    def policy(self) -> Policy:
        return self.drawing

    def learn(self, rounds: Sequence[Round]) -> None: ...


def log(policy: Policy, count: int, settings: Settings = SETTINGS) -> list[Round]:
    return [serve(one, policy, settings) for one in searches(count, 3)]


@pytest.mark.parametrize(("depth", "budget"), [(50, 400), (200, 400), (50, 120), (200, 70), (10, 10)])
def test_the_safe_plan_is_what_is_drawn_before_anything_was_learned(depth: int, budget: int) -> None:
    settings = Settings.model_validate({"choose": {"safe_depth": depth, "budget": budget}})
    table = Table.of(log(Uniform(), 20, settings), settings)
    drawn = drawn_by(Fixed(depth), table, settings, np.ones(len(table), np.bool_))
    assert safe_plan(table, depth).tolist() == drawn.tolist()


def test_what_is_no_worse_than_what_serves_may_yet_be_worse_than_the_safe_plan() -> None:
    tests = searches(4000, 9)
    truths = [value(policy, tests, SETTINGS) for policy in (Fixed(50), THREE, TWO)]
    assert truths[0] > truths[1] > truths[2]
    compared = compare_policies(Settled(THREE), TWO, log(Uniform(), 3000), SETTINGS)
    assert compared.safe == pytest.approx(truths[0], abs=0.03)
    assert compared.difference > 0
    refused = judge("policy", compared, SETTINGS.learn)
    assert not refused.passed
    assert "worse than if nothing were learned" in refused.reason


def test_a_log_that_never_shows_the_safe_plan_says_so_and_decides_as_ever() -> None:
    compared = compare_policies(Settled(THREE), THREE, log(THREE, 400), SETTINGS)
    assert compared.safe is None
    verdict = judge("policy", compared, SETTINGS.learn)
    assert verdict.passed
    assert "beside the safe plan the log cannot judge it: 400 searches weigh as" in verdict.reason


def test_the_safe_plan_is_not_flattered_by_a_log_that_seldom_shows_it() -> None:
    """Nor where most searches lead to nothing, so that what strategies find is not independent of each other."""
    alone = Table.of(log(Fixed(50), 1000), SETTINGS)
    found = float(alone.gains[:, 0].mean())
    truth = ACTING * found - (found - float(alone.rewards(alone.drawn).mean()))
    estimates = [compare_policies(Settled(THREE), TWO, seldom_safe(seed), SETTINGS).safe for seed in range(4)]
    assert np.mean([told or 0.0 for told in estimates]) == pytest.approx(truth, abs=0.04)


def seldom_safe(seed: int) -> list[Round]:
    """By an apprentice that has learned for long; of the people who could act `ACTING` do."""
    people, policy = np.random.default_rng(seed), Apprentice(TWO, 50, 0.6)
    made = [serve(one, policy, SETTINGS, seed=seed) for one in searches(4000, 100 + seed)]
    return [one if people.random() < ACTING else replace(one, gains={}) for one in made]


def test_where_the_safe_plan_serves_nothing_is_said_twice() -> None:
    compared = compare_policies(Settled(Fixed(50)), Fixed(50), log(Uniform(), 1000), SETTINGS)
    assert (compared.safe, compared.safe_untold) == (None, "")


@pytest.mark.parametrize(("candidate", "passes"), [(THREE, False), (Fixed(50), True)])
def test_where_all_outcomes_are_known_nothing_is_estimated(candidate: Policy, passes: bool) -> None:
    whole = log(Fixed(200), 1000, Settings.model_validate({"choose": {"budget": 800}}))
    settings = Settings.model_validate({"choose": {"budget": 800}})
    compared = compare_policies(Settled(candidate), TWO, whole, settings, known=True)
    assert compared.safe is not None
    assert judge("policy", compared, settings.learn).passed == passes
