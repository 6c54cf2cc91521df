"""Each explorer of Vowpal Wabbit finds the best depth of a toy, and gives probabilities."""

from typing import get_args

import numpy as np
import pytest

from ltrr_opensearch.choose import examples
from ltrr_opensearch.choose.explorers import EXPLORERS, compares, dearest, explorer_arguments
from ltrr_opensearch.choose.vowpal import Teacher, VowpalPolicy, workspace
from ltrr_opensearch.choose_settings import ChooseSettings, Explorer
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.types import Slot

LADDER = (0, 10, 50, 200)
WORTH = {"word": (0.0, 0.5, 0.45, 0.3), "sentence": (0.0, -0.01, 0.3, 0.6)}


def slot(kind: str, tokens: float = 0.5) -> Slot:
    context = {f"kind={kind}": 1.0, "tokens": tokens}
    return Slot("knn", "knn", "dense", 0, context, {"found": 0.5}, (), LADDER, (True,) * 4)


def learned(choose: ChooseSettings, learn: LearnSettings) -> VowpalPolicy:
    learner = workspace([*explorer_arguments(choose, learn), *examples.interaction_arguments()])
    teacher, rng = Teacher(learner, compares=compares(choose)), np.random.default_rng(0)
    for _ in range(1500):
        kind = ("word", "sentence")[rng.integers(2)]
        of, drawn = slot(kind, float(rng.uniform())), int(rng.integers(4))
        rewards = [WORTH[kind][rung] + float(rng.normal(0, 0.1)) for rung in range(drawn + 1)]
        certain = learn.labels == "certain"
        teacher.learn(of, [(rung, -r, 1.0 if certain else (4 - rung) / 4) for rung, r in enumerate(rewards)])
    return VowpalPolicy(learner.serialize(), LADDER, 50)


@pytest.mark.parametrize("labels", ["certain", "by_probability"])
@pytest.mark.parametrize("explorer", sorted(EXPLORERS))
def test_each_explorer_prefers_the_best_depth_of_each_kind(explorer: Explorer, labels: str) -> None:
    choose = ChooseSettings(explorer=explorer)
    policy = learned(choose, LearnSettings.model_validate({"labels": labels}))
    for kind, worth in WORTH.items():
        pmf = policy.pmf(slot(kind))
        assert sum(pmf) == pytest.approx(1)
        assert np.dot(pmf, worth) > max(worth) - 0.06
        assert pmf[0] < 0.05


def test_every_explorer_of_the_settings_has_arguments() -> None:
    assert set(EXPLORERS) == set(get_args(Explorer))


def test_other_arguments_take_their_place() -> None:
    choose = ChooseSettings(vowpal_arguments="--cb_explore_adf --first 5")
    assert explorer_arguments(choose, LearnSettings()) == ["--cb_explore_adf", "--first", "5"]
    assert compares(choose)
    with pytest.raises(ValueError, match="must hold --cb_explore_adf"):
        ChooseSettings(vowpal_arguments="--first 5")


def test_the_range_of_costs_holds_the_dearest_search() -> None:
    choose, learn = ChooseSettings(budget=60), LearnSettings(price_per_candidate=0.01, price_per_plan=0.1)
    assert dearest(choose, learn) == pytest.approx(60 * 0.01 + 6 * 0.1)
