from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from ltrr_opensearch.evaluate.outcomes import Gained, gained
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.learn.credit import labelled
from ltrr_opensearch.learn.join import attributed, rounds
from ltrr_opensearch.learn.memory import observed
from ltrr_opensearch.learn.reward import Visit, gains, select
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import HIDDEN, CandidateRecord, Event, Round
from ltrr_opensearch.types import DocKey, Found, Outcome
from tests.learn.synthetic import START, clicks, decision, decisions, wanted

LEARN = LearnSettings()


def event(action: str, object_id: str | None = "a", seconds: float = 1.0) -> Event:
    return Event("q", START + timedelta(seconds=seconds), action, object_id)


def visit(id: str, seconds: float, *, text: str = "x", offset: int = 0, acted: bool = False) -> Visit:
    at = START + timedelta(seconds=seconds)
    return Visit(id, at, "u", "s", text, offset, (("u", at),) if acted else ())


def chosen(visits: list[Visit], flood: int = 100, cap: int = 100) -> tuple[set[str], set[str], set[str]]:
    selection = select(visits, flood_per_minute=flood, user_cap=cap, quick_requery_s=20, rephrase_s=100)
    return set(selection.floods), set(selection.capped), set(selection.failed)


def test_the_largest_gain_of_an_object_counts() -> None:
    events = [event("click"), event("purchase"), event("click", "b"), event("impression", "c"), event("view", None)]
    assert gains(events, LEARN.gains) == {"a": 1.0, "b": 0.5}


@pytest.mark.parametrize(
    ("visits", "failed"),
    [
        ([visit("1", 0), visit("2", 5, text="y")], {"1"}),
        ([visit("1", 0), visit("2", 25, text="y")], set()),
        ([visit("1", 0, acted=True), visit("2", 5, text="y")], set()),
        ([visit("1", 0), visit("2", 5, offset=10)], set()),
        ([visit("2", 5, text="y"), visit("1", 0)], {"1"}),
        ([replace(visit("1", 0), session=None), replace(visit("2", 5), session=None)], set()),
    ],
)
def test_a_quick_requery_without_an_action_is_a_failure(visits: list[Visit], failed: set[str]) -> None:
    assert chosen(visits)[2] == failed


@pytest.mark.parametrize(
    ("first", "second", "after_s", "rephrased"),
    [
        ("red shoes", "red boots", 60, True),
        ("iphone case", "iphnoe csae", 60, True),
        ("red shoes", "blue boots", 60, False),
        ("red shoes", "red shoes", 60, False),
        ("red shoes", "red boots", 101, False),
        (f"{HIDDEN}ab12", f"{HIDDEN}ab13", 60, False),
    ],
)
def test_other_words_for_the_same_are_a_failure(first: str, second: str, after_s: float, rephrased: bool) -> None:
    visits = [visit("1", 0, text=first), visit("2", after_s, text=second)]
    selection = select(visits, flood_per_minute=100, user_cap=100, quick_requery_s=20, rephrase_s=100)
    assert (selection.rephrased, selection.requeried) == (frozenset("1" if rephrased else ""), frozenset())


def test_a_search_that_failed_is_worth_what_the_settings_say() -> None:
    learn = LearnSettings.model_validate({"losses": {"no_action": -0.01, "requery": -0.2, "rephrase": -0.1}})
    session = replace(decision(1).asker, user="u", session="s")
    texts = ("red shoes", "blue boots", "blue boot", "green hat")
    searches = [
        replace(decision(n), query_id=f"q{n}", at=START + timedelta(seconds=at), normalized=text, asker=session)
        for n, (text, at) in enumerate(zip(texts, (0, 5, 60, 120), strict=True))
    ]
    acted = event("click", searches[3].candidates[0].key.id)
    made = rounds([*((s, ()) for s in searches[:3]), (searches[3], (acted,))], learn, Counter())
    assert [one.loss for one in made] == [-0.2, -0.1, -0.01, 0.0]
    assert [one.worth for one in made] == [-0.2, -0.1, -0.01, 0.5]
    labels = [given for _, given in labelled(made[0], learn)]
    without = [given for _, given in labelled(replace(made[0], loss=0.0), learn)]
    for ours, theirs in zip(labels, without, strict=True):
        assert [a.reward for a in ours] == pytest.approx([b.reward - 0.2 for b in theirs])


def test_every_strategy_that_had_the_object_is_credited() -> None:
    both = CandidateRecord(DocKey("shop-1", "a"), (Found("original", 7, 1.0), Found("lexical", 3, 1.0)))
    one = replace(decision(1), at=START, candidates=(both,), shown=1)
    slots = tuple(s._replace(depth=10, outcome=Outcome.OK) for s in one.slots)
    counted = Aggregates().updated([Round(replace(one, slots=slots), {"a": 0.5})], 30)
    cells = {plan: counted.strategy(plan) for plan in ("original", "lexical", "knn")}
    assert {plan: cell.found for plan, cell in cells.items() if cell} == {"original": 1, "lexical": 1, "knn": 0}
    assert [cells[plan].reciprocal_ranks for plan in ("original", "lexical")] == pytest.approx([1 / 7, 1 / 3])  # type: ignore[union-attr]


def test_who_acts_faster_than_people_is_left_out() -> None:
    bot = [replace(visit(f"b{n}", n / 10), user="bot", session=f"b{n}") for n in range(12)]
    person = [replace(visit(f"p{n}", n * 30), user="person") for n in range(12)]
    assert chosen([*bot, *person], flood=10)[0] == {one.query_id for one in bot}
    flood = replace(visit("c", 0), actions=tuple(("clicker", START) for _ in range(11)))
    assert chosen([flood, *person], flood=10)[0] == {"c"}


def test_a_user_counts_only_so_often_and_always_by_the_same_searches() -> None:
    visits = [visit(str(n), n * 100) for n in range(10)]
    capped = chosen(visits, cap=4)[1]
    assert len(capped) == 6
    assert chosen(visits[::-1], cap=4)[1] == capped


def test_events_count_in_time_and_on_what_was_shown() -> None:
    one = decision(1)
    shown = one.candidates[0].key.id
    later = one.candidates[-1].key.id
    counts: Counter[str] = Counter()
    events = [
        event("click", shown),
        event("click", later),
        event("click", "elsewhere"),
        event("click", shown, seconds=LEARN.window_s + 31),
        event("click", shown, seconds=-3600),
    ]
    kept = attributed(replace(one, at=START), events, LEARN.window_s, counts)
    assert [e.object_id for e in kept] == [shown, later]
    assert counts == {"events on what was not shown": 1, "events out of time": 2}


def test_objects_named_by_a_field_gain_by_their_id() -> None:
    named = CandidateRecord(DocKey("shop-1", "id-1"), (), object_id="sku-1")
    one = replace(decision(1), at=START, candidates=(named,), shown=1)
    assert [e.object_id for e in attributed(one, [event("click", "sku-1")], 60, Counter())] == ["id-1"]
    assert not attributed(one, [event("click", "id-1")], 60, Counter())
    made = rounds([(one, [event("click", "id-1")])], LEARN, Counter())
    assert made[0].gains == {"id-1": 0.5}
    assert list(observed(made[0], ())) == [("sku-1", 0.5, 1.0)]


def test_an_object_and_an_id_of_the_same_name_are_two_things() -> None:
    acted = CandidateRecord(DocKey("shop-1", "id-1"), (Found("lexical", 3, 1.0),), object_id="77")
    beside = CandidateRecord(DocKey("shop-1", "77"), (Found("knn", 1, 1.0),), object_id="78")
    below = CandidateRecord(DocKey("shop-2", "77"), (Found("knn", 2, 1.0),))
    one = replace(decision(1), at=START, candidates=(acted, beside, below), shown=2)
    kept = attributed(one, [event("click", "77")], 60, Counter())
    made = rounds([(one, kept)], LEARN, Counter())[0]
    assert made.gains == {"id-1": 0.5}
    assert gained(made) == [Gained(0.5, {"lexical": 3})]
    assert [(entity, gain) for entity, gain, _ in observed(made, ())] == [("77", 0.5), ("78", 0.0)]
    slots = tuple(s._replace(depth=10, outcome=Outcome.OK) for s in one.slots)
    counted = Aggregates().updated([replace(made, decision=replace(one, slots=slots))], 30)
    found = {plan: cell.found for plan in ("lexical", "knn") if (cell := counted.strategy(plan))}
    assert found == {"lexical": 1, "knn": 0}


def test_documents_of_one_object_share_its_gain() -> None:
    variants = tuple(CandidateRecord(DocKey("shop-1", id), (), object_id="sku-1") for id in ("red", "blue"))
    one = replace(decision(1), at=START, candidates=variants, shown=2)
    kept = attributed(one, [event("click", "sku-1")], 60, Counter())
    assert [e.object_id for e in kept] == ["red"]
    assert rounds([(one, kept)], LEARN, Counter())[0].gains == {"red": 0.5, "blue": 0.5}


def test_rounds_are_in_the_order_of_time_with_their_gains() -> None:
    searches = decisions(40)
    by_id: dict[str, list[Event]] = {}
    for click in clicks(searches):
        by_id.setdefault(click.query_id, []).append(click)
    counts: Counter[str] = Counter()
    made = rounds([(d, by_id.get(d.query_id, [])) for d in reversed(searches)], LEARN, counts)
    assert [r.decision.query_id for r in made] == [d.query_id for d in searches]
    assert all(r.gains in ({}, {wanted(r.decision.normalized): 0.5}) for r in made)
    assert counts["rounds with a gain"] == len(by_id) > 5
