"""Labels, and training that is repeatable, incremental and refuses what would poison a model."""

from dataclasses import replace

import pytest

from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.choose.vowpal import Trust, VowpalPolicy
from ltrr_opensearch.errors import DataError, SettingsError
from ltrr_opensearch.learn.credit import Label, labelled
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import EXPLORATION, DocKey, Found, Outcome
from tests.worlds import renumbered, reward, searches, serve

SETTINGS = Settings.model_validate({"choose": {"policy": "vowpal"}})
LEARN = LearnSettings(price_per_candidate=0.001, price_per_plan=0)
ROUNDS = [serve(s, Uniform(), SETTINGS) for s in searches(120, 1)]


def with_depths(*depths: int, found: dict[str, int]) -> Round:
    """A round with the given draws, whose wanted object the plans had at these ranks."""
    base = ROUNDS[0].decision
    slots = tuple(
        s._replace(depth=d, feasible=(True,) * 4, pmf=(0.1, 0.2, 0.3, 0.4))
        for s, d in zip(base.slots, depths, strict=True)
    )
    candidate = CandidateRecord(DocKey("shop", "1"), tuple(Found(p, r, 1.0) for p, r in found.items()))
    return Round(replace(base, slots=slots, candidates=(candidate,)), {"1": 0.8})


def test_a_slot_is_labelled_up_to_where_it_was_asked() -> None:
    one = with_depths(50, 0, 0, 0, found={"original": 30})
    (_, first), (_, second), *_ = labelled(one, LEARN)
    assert first == [
        pytest.approx(Label(0, 0.0, 1.0)),
        pytest.approx(Label(1, -0.01, 0.9)),
        pytest.approx(Label(2, 0.8 - 0.05, 0.7)),
    ]
    assert second == [Label(0, 0.0, 1.0)]


def test_an_early_slot_is_not_paid_for_what_a_later_one_had() -> None:
    one = with_depths(200, 10, 0, 0, found={"original": 120, "structured": 3})
    (_, first), (_, second), *_ = labelled(one, LEARN)
    assert [label.reward for label in first] == pytest.approx([0.79, 0.78, 0.74, 0.59])
    assert [label.reward for label in second] == pytest.approx([0.0, -0.01])


def test_a_plan_pays_for_its_request_unless_it_is_sent_anyway() -> None:
    one = with_depths(10, 10, 0, 0, found={"original": 3})
    (_, first), (_, second), *_ = labelled(one, LearnSettings(price_per_candidate=0.001, price_per_plan=0.005))
    assert [label.reward for label in first] == pytest.approx([-0.015, 0.8 - 0.01 - 0.015])
    assert [label.reward for label in second] == pytest.approx([0.0, -0.015])


def test_the_first_slots_label_is_the_reward_of_the_search() -> None:
    for one in ROUNDS:
        slot, labels = next(iter(labelled(one, SETTINGS.learn)))
        drawn = slot.ladder.index(one.decision.slots[0].depth)
        assert next(label for label in labels if label.rung == drawn).reward == pytest.approx(reward(one, SETTINGS))


def test_a_lost_plan_says_nothing_about_smaller_depths() -> None:
    one = with_depths(50, 0, 0, 0, found={})
    lost = one.decision.slots[0]._replace(outcome=Outcome.TIMED_OUT)
    one = replace(one, decision=replace(one.decision, slots=(lost, *one.decision.slots[1:])))
    _, labels = next(iter(labelled(one, LEARN)))
    assert [label.rung for label in labels] == [0, 2]


def test_objects_go_by_their_id_whatever_events_call_them() -> None:
    one = with_depths(10, 0, 0, 0, found={"original": 1})
    named = one.decision.candidates[0]._replace(object_id="sku-7")
    one = Round(replace(one.decision, candidates=(named,)), {named.key.id: 1.0})
    _, labels = next(iter(labelled(one, LEARN)))
    assert labels[1].reward == pytest.approx(0.99)


@pytest.mark.parametrize("pmf", [(0.5, 0.5, 0.0, 0.0), (0.1, 0.2, 0.3, float("nan"))])
def test_impossible_probabilities_are_refused(pmf: tuple[float, ...]) -> None:
    one = with_depths(200, 0, 0, 0, found={})
    slots = (one.decision.slots[0]._replace(pmf=pmf), *one.decision.slots[1:])
    with pytest.raises(DataError, match="q000000, slot original"):
        list(labelled(replace(one, decision=replace(one.decision, slots=slots)), LEARN))


@pytest.mark.parametrize("policy", ["vowpal", "greedy"])
def test_the_same_rounds_give_the_same_part_in_any_order(policy: str) -> None:
    settings = Settings.model_validate({"choose": {"policy": policy}})
    part = train_policy(ROUNDS, settings)
    assert train_policy(reversed(ROUNDS), settings) == part
    assert (part.kind, part.algorithm, part.index, part.meta["rounds"]) == ("policy", policy, "shop", 120)


@pytest.mark.parametrize("policy", ["vowpal", "greedy"])
def test_training_goes_on_where_it_ended(policy: str) -> None:
    settings = Settings.model_validate({"choose": {"policy": policy}})
    halves = train_policy(ROUNDS[60:], settings, train_policy(ROUNDS[:60], settings))
    whole = train_policy(ROUNDS, settings)
    assert halves.meta == whole.meta
    if policy == "vowpal":
        for got, expected in zip(halves.checks["pmfs"], whole.checks["pmfs"], strict=True):
            assert got == pytest.approx(expected, abs=1e-5)
    else:
        assert halves.payload == whole.payload


def test_other_arguments_begin_anew() -> None:
    before = train_policy(ROUNDS, SETTINGS)
    arguments = "--cb_explore_adf --epsilon 0.1 --cb_type mtr"
    settings = Settings.model_validate({"choose": {"policy": "vowpal", "vowpal_arguments": arguments}})
    later = [serve(s, Uniform(), settings) for s in renumbered(searches(20, 3), 500)]
    assert train_policy(later, settings, before).meta["rounds"] == 20


def test_what_cannot_be_learned_from_is_said() -> None:
    with pytest.raises(DataError, match="no round with the ladder"):
        train_policy(ROUNDS, Settings.model_validate({"choose": {"ladder": [0, 50]}}))
    with pytest.raises(SettingsError, match="'uniform' does not learn"):
        train_policy(ROUNDS, Settings.model_validate({"choose": {"policy": "uniform"}}))


def test_only_new_queries_earn_trust_for_new_queries() -> None:
    """Repeats say little of how a query does that nobody has asked: for one, the safe plan is drawn longer."""
    settings = Settings.model_validate({"choose": {"policy": "vowpal", "apprentice_rounds": 40}})
    asked = {ASKED: 0.1}
    rounds = [
        one
        if number % 12 == 0
        else replace(one, decision=replace(one.decision, context={**one.decision.context, **asked}))
        for number, one in enumerate(ROUNDS)
    ]
    part = train_policy(rounds, settings)
    assert part.meta["new_rounds"] == 10
    assert part.meta["trust"] == pytest.approx((120 / 160, 10 / 50))
    slot, _ = next(iter(labelled(ROUNDS[0], settings.learn)))
    policy = VowpalPolicy(part.payload, slot.ladder, settings.choose.safe_depth, Trust(known=1.0, new=0.0))
    assert policy.pmf(slot) == Fixed(settings.choose.safe_depth).pmf(slot)
    assert policy.pmf(slot._replace(context={**slot.context, **asked})) != policy.pmf(slot)


def test_what_the_exploration_budget_drew_is_nobodys_action() -> None:
    one = with_depths(50, 0, 10, 10, found={"original": 30})
    slots = one.decision.slots
    explored = replace(one, decision=replace(one.decision, slots=(*slots[:3], slots[3]._replace(source=EXPLORATION))))
    without = replace(one, decision=replace(one.decision, slots=slots[:3]))
    assert list(labelled(explored, LEARN)) == list(labelled(without, LEARN))
    only_explored = replace(explored, gains={"1": 0.8})
    found = replace(
        explored.decision, candidates=(CandidateRecord(DocKey("shop", "1"), (Found(slots[3].plan, 1, 1.0),)),)
    )
    labels = [label for _, some in labelled(replace(only_explored, decision=found), LEARN) for label in some]
    assert all(label.reward <= 0 for label in labels)
