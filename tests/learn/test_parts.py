"""Which published policy is learned on from, and where the whole log is learned anew."""

from __future__ import annotations

import pytest

from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.learn.parts import goes_on
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json
from tests.worlds import searches, serve


def settings(policy: str, choose: Json | None = None, learn: Json | None = None) -> Settings:
    return Settings.model_validate({"choose": {"policy": policy, **(choose or {})}, "learn": learn or {}})


@pytest.mark.parametrize("policy", ["direct", "vowpal", "greedy", "lints"])
@pytest.mark.parametrize(
    ("choose", "learn", "anew"),
    [
        ({}, {}, ()),
        ({}, {"price_per_candidate": 0.01}, ()),
        ({"gamma": 10.0}, {}, ()),
        ({"ladder": [0, 10, 50]}, {}, ("direct", "vowpal", "greedy", "lints")),
        ({"explorer": "cover"}, {}, ("vowpal",)),
        ({}, {"labels": "by_probability"}, ("vowpal",)),
        ({}, {"half_life_searches": 10}, ("greedy", "lints")),
    ],
)
def test_a_policy_is_learned_on_unless_the_settings_would_have_learned_it_otherwise(
    policy: str, choose: Json, learn: Json, anew: tuple[str, ...]
) -> None:
    before = settings(policy)
    part = train_policy([serve(s, Uniform(), before) for s in searches(40, 1)], before)
    assert goes_on(part, settings(policy, choose, learn)) is (policy not in anew)
    assert not goes_on(part, settings("thompson"))
    assert not goes_on(None, before)


@pytest.mark.parametrize("policy", ["vowpal", "greedy"])
@pytest.mark.parametrize(
    ("profiles", "goes"), [({}, True), ({"deep": {"knn": 200}}, True), ({"deep": {"knn": 10}}, False)]
)
def test_other_profiles_are_learned_with_the_whole_log(policy: str, profiles: Json, goes: bool) -> None:
    before = settings(policy, {"factoring": "profiles", "profiles": {"deep": {"knn": 200}}})
    rounds = [serve(s, Uniform(), before) for s in searches(40, 1)]
    part = train_policy(rounds, before)
    after = settings(policy, {"factoring": "profiles", "profiles": profiles})
    assert goes_on(part, after) is goes
    assert train_policy(rounds, after, part).meta["rounds"] == (80 if goes else 40)
