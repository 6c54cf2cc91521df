"""Every learning policy in every factoring: incremental, and better than the client's own query alone."""

from itertools import product

import pytest

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.profiles import WHOLE, Profile
from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.learn.credit import labelled_alone
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.learn.whole import labelled_whole
from ltrr_opensearch.settings import Settings
from tests.worlds import reward, searches, serve, value

POLICIES = ("vowpal", "lints", "linucb", "thompson", "greedy")
ROUNDS = [serve(s, Uniform(), Settings()) for s in searches(300, 1)]
TEST = searches(200, 9)
OWN = Fixed(0, {"original": 50})
"""The client's own query, nothing else."""


def settings_for(policy: str, factoring: str) -> Settings:
    return Settings.model_validate({"choose": {"policy": policy, "factoring": factoring, "apprentice_rounds": 0}})


@pytest.mark.parametrize(("policy", "factoring"), [*product(POLICIES, ("independent", "profiles", "sequential"))])
def test_it_learns_goes_on_and_beats_the_untouched_query(policy: str, factoring: str) -> None:
    settings = settings_for(policy, factoring)
    half = train_policy(ROUNDS[:150], settings)
    part = train_policy(ROUNDS[150:], settings, half)
    assert (part.meta["rounds"], part.meta["factoring"]) == (300, factoring)
    assert value(build_policy(settings.choose, part), TEST, settings) > value(OWN, TEST, settings) + 0.05


def test_another_factoring_is_said() -> None:
    part = train_policy(ROUNDS[:50], settings_for("greedy", "independent"))
    with pytest.raises(ModelError, match=r"choose\.factoring says 'sequential'"):
        build_policy(settings_for("greedy", "sequential").choose, part)


def test_the_safe_plan_and_the_own_query_alone_are_always_profiles() -> None:
    given = {"policy": "thompson", "factoring": "profiles", "profiles": {"deep": {"knn": 200}}}
    part = train_policy(ROUNDS[:50], Settings.model_validate({"choose": given}))
    named = dict(part.meta["profiles"])
    assert list(named) == ["safe", "original", "deep"]
    assert named["original"] == {"original": 50}
    assert set(named["safe"].values()) == {50}


def test_a_whole_action_that_was_drawn_is_paid_the_reward_of_the_search() -> None:
    settings = Settings()
    for one in ROUNDS[:50]:
        drawn = Profile("drawn", {s.plan: s.depth for s in one.decision.slots})
        deeper = Profile("deeper", {s.plan: 200 for s in one.decision.slots})
        ((slot, labels),) = labelled_whole(one, settings.learn, settings.choose.budget, [drawn, deeper])
        assert (slot.plan, [label.rung for label in labels]) == (WHOLE, [0])
        assert labels[0].reward == pytest.approx(reward(one, settings))


def test_a_slot_alone_is_paid_what_the_others_had_not_found() -> None:
    settings = Settings()
    for one in ROUNDS[:50]:
        for slot, labels in labelled_alone(one, settings.learn):
            assert (slot.drawn, slot.position, all(slot.feasible)) == ((), 0, True)
            assert labels[0].reward == pytest.approx(0.0), "not asking changes nothing"


def test_cold_every_factoring_is_the_safe_plan() -> None:
    for factoring in ("independent", "profiles", "sequential"):
        assert isinstance(build_policy(settings_for("thompson", factoring).choose), Fixed)
