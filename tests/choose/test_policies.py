"""Policies: probabilities of the bandit, hostile names, damaged models, and which policy the settings build."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import pytest

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.greedy import EpsilonGreedy
from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.choose.vowpal import VowpalPolicy
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.errors import ModelError, SettingsError
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.logged import Part
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Slot
from tests.worlds import searches, serve

SETTINGS = Settings.model_validate({"choose": {"policy": "vowpal"}})
LADDER = SETTINGS.choose.ladder
SLOT = Slot("knn", "knn", "dense", 1, {"kind=words": 1.0}, {"found": 0.5}, (("original", 50),), LADDER, (True,) * 4)


@pytest.fixture(scope="module")
def part() -> Part:
    return train_policy([serve(s, Uniform(), SETTINGS) for s in searches(200, 1)], SETTINGS)


def test_the_bandit_gives_probabilities_of_feasible_rungs(part: Part) -> None:
    policy = VowpalPolicy.from_part(part, LADDER, 50)
    assert sum(policy.pmf(SLOT)) == pytest.approx(1)
    masked = policy.pmf(SLOT._replace(feasible=(True, True, False, False)))
    assert masked[2:] == (0, 0)
    assert sum(masked) == pytest.approx(1)


def test_threads_agree(part: Part) -> None:
    policy = VowpalPolicy.from_part(part, LADDER, 50)
    slots = [SLOT._replace(context={"tokens": n / 10}) for n in range(200)]
    alone = [policy.pmf(s) for s in slots]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(policy.pmf, slots)) == alone


def test_a_damaged_or_foreign_model_is_refused(part: Part) -> None:
    with pytest.raises(ModelError, match="damaged"):
        VowpalPolicy.from_part(replace(part, payload=part.payload[:-9]), LADDER, 50)
    with pytest.raises(ModelError, match="trained for the ladder"):
        VowpalPolicy.from_part(part, (0, 10), 10)
    with pytest.raises(ModelError, match="another version"):  # it had one number for its trust
        VowpalPolicy.from_part(replace(part, meta=part.meta | {"features": 1, "trust": 0.5}), LADDER, 50)


def test_a_model_that_predicts_otherwise_is_refused(part: Part) -> None:
    other = train_policy([serve(s, Uniform(), SETTINGS) for s in searches(200, 2)], SETTINGS)
    swapped = replace(part, payload=other.payload, sha256=sha256(other.payload).hexdigest())
    with pytest.raises(ModelError, match="was stored with it"):
        VowpalPolicy.from_part(swapped, LADDER, 50)


def test_greedy_takes_the_best_mean_and_shrinks_from_the_unknown() -> None:
    policy = EpsilonGreedy({"knn": (0.0, 0.2, 0.6, 0.5)}, 50, epsilon=0.2)
    assert policy.pmf(SLOT) == pytest.approx((0.05, 0.05, 0.85, 0.05))
    assert policy.pmf(SLOT._replace(strategy="new")) == (0, 0, 1, 0)


def test_the_settings_choose(part: Part) -> None:
    assert isinstance(build_policy(ChooseSettings(), None), Fixed)
    assert isinstance(build_policy(SETTINGS.choose, part), VowpalPolicy)
    assert isinstance(build_policy(ChooseSettings(policy="uniform"), part), Uniform)
    assert isinstance(build_policy(ChooseSettings(policy="fixed"), part), Fixed)
    with pytest.raises(ModelError, match=r"choose\.policy says 'greedy'"):
        build_policy(ChooseSettings(policy="greedy"), part)
    with pytest.raises(SettingsError, match="allowed: vowpal, lints, linucb, thompson, greedy, direct, fixed, uniform"):
        build_policy(ChooseSettings(policy="best"), None)
