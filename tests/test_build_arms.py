"""What the arms of a live experiment serve: a policy that learns is never the safe plan in its name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.build_arms import arms_of
from ltrr_opensearch.build_serving import ServingBuilder
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.experiment_settings import ExperimentSettings
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.learn.run import learn
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from tests.engine.worlds import INDEX, serving_of
from tests.evaluate.test_off_policy import log
from tests.learn.shop import Shop
from tests.learn.synthetic import START, clicks, decisions


def with_arm(**arm: Any) -> ExperimentSettings:
    return ExperimentSettings.model_validate({"name": "trial", "arms": [{"name": "usual"}, {"name": "other", **arm}]})


def serving(**arm: Any) -> Serving:
    return serving_of(index=INDEX.model_copy(update={"experiment": with_arm(**arm)}))


def no_release(id: str) -> Serving:
    raise AssertionError(f"release {id} is asked for")


def test_a_learning_policy_of_which_nothing_was_learned_is_no_arm() -> None:
    with pytest.raises(ModelError, match=r"'thompson', of which nothing was learned.* `release: ID`"):
        arms_of(serving(policy="thompson"), None, no_release)


def test_an_arm_draws_as_what_serves_has_learned_it() -> None:
    settings = Settings.model_validate({"choose": {"policy": "thompson"}})
    part = train_policy(log(Uniform(), 100, 1), settings)
    assert arms_of(serving(policy="thompson"), part, no_release)[1].policy.name == "thompson"
    with pytest.raises(ModelError, match="'greedy', of which nothing was learned that serves"):
        arms_of(serving(policy="greedy"), part, no_release)


def test_an_arm_has_the_policy_of_a_release_of_another_kind(client: OpenSearch, index_name: str) -> None:
    shop = Shop.create(client, index_name)
    searches = decisions(240)
    shop.put(searches, clicks(searches))
    greedy = learn(["policy"], shop.job(START + timedelta(hours=4))).release
    assert greedy
    settings = shop.settings()
    index = settings.indexes["shop"].model_copy(update={"experiment": with_arm(release=greedy)})
    choose = settings.choose.model_copy(update={"policy": "direct"})
    builder = ServingBuilder(settings.model_copy(update={"choose": choose, "indexes": {"shop": index}}), client, None)
    usual, other = builder.cold("shop").arms
    assert (usual.policy.name, other.policy.name) == ("fixed", "greedy")
