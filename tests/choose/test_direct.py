from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

import pytest

from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.direct import DirectPolicy, Prices
from ltrr_opensearch.choose.draw import draw_offers
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.logged import offers
from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.errors import DataError, ModelError
from ltrr_opensearch.kinds import kind_in
from ltrr_opensearch.knowledge.liking import Kind, Liking
from ltrr_opensearch.knowledge.outcomes import Hope, Lost, Outcome, Outcomes
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Slot
from tests.worlds import searches, serve, value

SETTINGS = Settings(choose=ChooseSettings(policy="direct", apprentice_rounds=0))


def named(one: Round) -> Round:
    """Each query of one kind only, as queries are."""
    decision = one.decision
    return replace(one, decision=replace(decision, normalized=f"{kind_in(decision.context)} {decision.normalized}"))


@pytest.fixture(scope="module")
def rounds() -> list[Round]:
    return [named(serve(s, Uniform(), SETTINGS, True, 5)) for s in searches(6000, 5)]


@pytest.fixture(scope="module")
def part(rounds: list[Round]) -> Part:
    return train_policy(rounds, SETTINGS)


def test_before_it_knows_enough_queries_it_draws_the_safe_plan(rounds: list[Round]) -> None:
    policy = build_policy(SETTINGS.choose, train_policy(rounds[:5], SETTINGS))
    decision = rounds[0].decision
    drawn = draw_offers(policy, offers(decision), decision.context, SETTINGS.choose, 1, False)
    assert {s.depth for s in drawn.slots} == {SETTINGS.choose.safe_depth}


def test_it_beats_the_best_constant_where_context_tells(part: Part) -> None:
    held_out = searches(1500, 99)
    constants = (Fixed(10), Fixed(50), Fixed(0, {"original": 50, "knn": 50}), Fixed(0, {"structured": 50, "q2e": 50}))
    ours = value(build_policy(SETTINGS.choose, part), held_out, SETTINGS)
    assert ours > max(value(constant, held_out, SETTINGS) for constant in constants)


def test_where_no_query_says_more_than_chance_it_draws_the_safe_plan(rounds: list[Round], part: Part) -> None:
    outcomes = Outcomes.from_bytes(part.payload)
    payload = replace(outcomes, liking=Liking(Kind(1, 1, 1e6), Kind(1, 1, 1e7))).to_bytes()
    spoiled = replace(part, payload=payload, sha256=sha256(payload).hexdigest())
    policy = DirectPolicy.from_part(spoiled, SETTINGS.choose)
    decision = rounds[0].decision
    drawn = draw_offers(policy, offers(decision), decision.context, SETTINGS.choose, 1, False, decision.normalized)
    assert {s.depth for s in drawn.slots} == {SETTINGS.choose.safe_depth}


def test_in_two_runs_as_in_one(rounds: list[Round], part: Part) -> None:
    first = train_policy(rounds[:1500], SETTINGS)
    assert train_policy(rounds[1500:], SETTINGS, first).sha256 == part.sha256


def test_probabilities_are_over_feasible_rungs(part: Part, rounds: list[Round]) -> None:
    policy = DirectPolicy.from_part(part, SETTINGS.choose)
    for one in rounds[:50]:
        drawn = draw_offers(policy, offers(one.decision), one.decision.context, SETTINGS.choose, 3, True)
        assert sum(s.depth for s in drawn.slots) <= SETTINGS.choose.budget
        assert all(sum(s.pmf) == pytest.approx(1) for s in drawn.slots)


def test_another_ladder_or_damage_is_refused(part: Part) -> None:
    with pytest.raises(ModelError, match="ladder"):
        build_policy(ChooseSettings(policy="direct", ladder=(0, 5), safe_depth=5), part)
    with pytest.raises(ModelError, match="damaged"):
        build_policy(SETTINGS.choose, replace(part, payload=part.payload + b"x"))


def test_what_an_earlier_version_remembered_is_refused_by_its_name_and_begun_anew(
    part: Part, rounds: list[Round]
) -> None:
    earlier = replace(part, meta={**part.meta, "outcomes": 2})
    with pytest.raises(ModelError, match="as version 2 of them, this software as version 6; train again"):
        build_policy(SETTINGS.choose, earlier)
    assert train_policy(rounds[:50], SETTINGS, earlier) == train_policy(rounds[:50], SETTINGS)


def test_a_number_that_is_none_is_refused_where_it_is_learned_and_where_it_is_asked(
    part: Part, rounds: list[Round]
) -> None:
    """Stored with one query, it would leave none near any other."""
    decision = rounds[0].decision
    odd = replace(decision, context={**decision.context, "tokens": float("nan")})
    with pytest.raises(DataError, match="'tokens' is nan"):
        train_policy([replace(rounds[0], decision=odd)], SETTINGS, part)
    policy = DirectPolicy.from_part(part, SETTINGS.choose)
    with pytest.raises(DataError, match="'tokens' is nan"):
        draw_offers(policy, offers(odd), odd.context, SETTINGS.choose, 1, False, odd.normalized)


def test_a_query_that_alone_says_more_than_chance_speaks_for_itself(part: Part) -> None:
    outcomes = Outcomes.from_bytes(part.payload)
    (query, one), *_ = outcomes.queries.items()
    others = {q: replace(o, entities={}, lost=()) for q, o in outcomes.queries.items()}
    alone = replace(outcomes, queries={**others, query: one})
    policy = DirectPolicy(alone, SETTINGS.choose, Prices(0.001, 0.003), SETTINGS.choose.gamma)
    assert sum(policy.pmf(first_slot(outcomes, query))) == pytest.approx(1)


def test_what_was_searched_for_in_vain_asks_deeper_questions_of_new_queries(part: Part) -> None:
    """As far as it may be where nobody asked, and such promises are kept."""
    outcomes = replace(Outcomes.from_bytes(part.payload), hope=Hope(1.0, 1.0))
    shallow = Lost(1.0, dict.fromkeys(outcomes.shares, SETTINGS.choose.ladder[1]))
    half = {
        q: replace(one, entities={}, lost=(shallow,), asked=1.0, searches=0.0) if i % 2 else one
        for i, (q, one) in enumerate(outcomes.queries.items())
    }

    def deepest_gains(known: Outcomes) -> float:
        policy = DirectPolicy(known, SETTINGS.choose, Prices(0.0, 0.0), SETTINGS.choose.gamma)
        new = first_slot(outcomes, "new")._replace(context={})
        alone = new._replace(strategies=new.strategies[:1])
        values = policy.values(alone)
        assert values is not None
        return values[-1] - values[1]

    vain = replace(outcomes, queries=half)
    unkept = replace(vain, hope=Hope(-1.0, 1.0))
    assert deepest_gains(vain) > deepest_gains(outcomes) + 0.01
    assert deepest_gains(unkept) <= deepest_gains(outcomes)


def test_a_query_that_was_searched_often_still_owes_a_fifth_to_others(part: Part) -> None:
    """Those who have not searched yet may want other things, however many did."""
    outcomes = Outcomes.from_bytes(part.payload)
    (query, one), *_ = outcomes.queries.items()
    silent = {q: replace(o, entities={}, lost=()) for q, o in outcomes.queries.items()}

    def valued(asked: float, others: Mapping[str, Outcome]) -> tuple[float, ...]:
        known = replace(outcomes, queries={**others, query: replace(one, asked=asked, searches=asked, lost=())})
        policy = DirectPolicy(known, SETTINGS.choose, Prices(0.001, 0.003), SETTINGS.choose.gamma)
        values = policy.values(first_slot(outcomes, query))
        assert values is not None
        return values

    assert valued(1e5, outcomes.queries) == pytest.approx(valued(1e9, outcomes.queries), abs=1e-3)
    assert max(valued(1e9, outcomes.queries)) - max(valued(1e9, silent)) == pytest.approx(0.2, rel=0.4)


def test_a_strategy_that_takes_long_is_asked_where_nothing_else_finds_as_much(part: Part, rounds: list[Round]) -> None:
    """Each as dear as its milliseconds."""
    dear = Settings(choose=SETTINGS.choose, learn=LearnSettings(price_per_ms=0.001))
    slow = [with_times(one, {"knn": 500.0}) for one in rounds[:3000]]
    quick = [with_times(one, {}) for one in rounds[:3000]]

    def asks_knn(made: list[Round]) -> float:
        policy = build_policy(dear.choose, train_policy(made, dear))
        drawn = [
            draw_offers(policy, offers(one.decision), one.decision.context, dear.choose, 1, False)
            for one in rounds[-200:]
        ]
        return sum(slot.depth > 0 for of in drawn for slot in of.slots if slot.slot.strategy == "knn") / len(drawn)

    assert asks_knn(quick) > 0.1
    assert asks_knn(slow) == 0


def with_times(one: Round, took: Mapping[str, float]) -> Round:
    slots = tuple(slot._replace(took_ms=took.get(slot.strategy, 1.0)) for slot in one.decision.slots)
    return replace(one, decision=replace(one.decision, slots=slots))


def test_where_giving_up_costs_more_is_asked_for(part: Part) -> None:
    outcomes = Outcomes.from_bytes(part.payload)
    slot = first_slot(outcomes, "new")._replace(context={})

    def gain_of_asking(loss: float) -> float:
        policy = DirectPolicy(outcomes, SETTINGS.choose, Prices(0.0, 0.0, loss=loss), SETTINGS.choose.gamma)
        alone = policy.values(slot._replace(strategies=slot.strategies[:1]))
        assert alone is not None
        return alone[1] - alone[0]

    found = gain_of_asking(0.0) / outcomes.gain
    assert found > 0
    assert gain_of_asking(-0.5) == pytest.approx((outcomes.gain + 0.5) * found)


def test_what_was_found_is_kept_when_prices_change(part: Part, rounds: list[Round]) -> None:
    """What it is worth is asked for anew with every draw."""
    dear = Settings(choose=SETTINGS.choose, learn=LearnSettings(price_per_candidate=0.01))
    half = train_policy(rounds[:3000], SETTINGS)
    later = train_policy(rounds[3000:], dear, half)
    assert later.sha256 == part.sha256
    assert later.meta["rounds"] == part.meta["rounds"]
    assert later.meta["price_per_candidate"] == 0.01


def first_slot(outcomes: Outcomes, query: str) -> Slot:
    names = tuple(outcomes.shares)
    return Slot(
        names[0], names[0], "lexical", 0, {ASKED: 1.0}, {}, (), SETTINGS.choose.ladder, (True,) * 4, names, query
    )


def test_a_search_is_drawn_alike_however_often_it_is_drawn(part: Part, rounds: list[Round]) -> None:
    policy = DirectPolicy.from_part(part, SETTINGS.choose)
    decision = rounds[7].decision
    first, *_, last = (
        draw_offers(policy, offers(decision), decision.context, SETTINGS.choose, seed, True) for seed in (1, 2, 3, 4, 1)
    )
    assert first == last


def test_a_batch_without_the_clients_own_query_goes_on_from_before(rounds: list[Round], part: Part) -> None:
    def nameless(one: Round) -> Round:
        slots = tuple(s._replace(original=False) for s in one.decision.slots)
        return replace(one, decision=replace(one.decision, slots=slots))

    after = train_policy([nameless(one) for one in rounds[:5]], SETTINGS, part)
    assert after.meta["rounds"] == len(rounds) + 5
    assert after.meta["free"] == part.meta["free"]
