from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.learn.memory import (
    Acted,
    Counting,
    Entry,
    Tally,
    amended,
    fold,
    from_document,
    recall,
    to_document,
    wilson,
)
from ltrr_opensearch.learn.people import Hashing, People
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.types import Asker, DocKey, EntityScore
from tests.learn.synthetic import START, decision

EXAMINATION = (1.0, 0.5, 0.25)


def a_round(gains: dict[str, float], *, days: float = 0.0) -> Round:
    shown = tuple(CandidateRecord(DocKey("shop-1", id), ()) for id in "abc")
    one = replace(decision(0), candidates=shown, shown=3, normalized="red shoes", at=START + timedelta(days=days))
    return Round(one, gains)


HASHING = Hashing(b"secret")


def counting(limit: int = 10, users: int = 1, user_cap: int = 3) -> Counting:
    return Counting(half_life_days=10, limit=limit, users=users, user_cap=user_cap, hashing=HASHING)


def folded(entry: Entry | None, *rounds: Round, limit: int = 10) -> Entry:
    return fold(entry, rounds, EXAMINATION, counting(limit), run="r")


def by(user: str | None, gains: dict[str, float]) -> Round:
    one = a_round(gains)
    return replace(one, decision=replace(one.decision, asker=Asker(user=user)))


def test_clicks_are_remembered_and_what_is_passed_over_sinks() -> None:
    entry = folded(None, a_round({"c": 0.5}))
    assert entry.entities == {"c": Tally(0.5, 1.0), "a": Tally(0.0, 1.0), "b": Tally(0.0, 0.5)}
    assert [e.id for e in entry.scores(10)] == ["c"]
    later = folded(entry, *[by(None, {}) for _ in range(10)])
    assert 0 < later.scores(10)[0].score < entry.scores(10)[0].score


def test_a_click_weighs_half_after_its_half_life() -> None:
    entry = folded(folded(None, a_round({"a": 1.0})), a_round({"b": 1.0}, days=10))
    assert entry.entities["a"].gain == pytest.approx(0.5)
    assert entry.entities["b"].gain == pytest.approx(1.0)
    late = folded(folded(None, a_round({"b": 1.0}, days=10)), a_round({"a": 1.0}))
    assert late.entities == entry.entities  # whichever run sees it first


def test_what_was_observed_replaces_what_was_predicted() -> None:
    before = Entry("red shoes", START, {"a": Tally(predicted=0.9), "z": Tally(predicted=0.3)})
    assert before.scores(10) == (EntityScore("a", 0.9, True), EntityScore("z", 0.3, True))
    after = folded(before, a_round({"b": 1.0}))
    assert [(e.id, e.predicted) for e in after.scores(10)] == [("b", False), ("z", True)]


def test_the_best_are_kept() -> None:
    entry = folded(None, a_round({"a": 1.0}), a_round({"b": 1.0}), a_round({"b": 1.0}), limit=1)
    assert list(entry.entities) == ["b", "a"]
    assert [e.id for e in entry.scores(1)] == ["b"]


@given(st.floats(0, 50), st.floats(0, 50))
def test_wilson_is_a_share_below_the_mean_that_grows_with_evidence(gain: float, more: float) -> None:
    examined = gain + more
    low = wilson(gain, examined)
    assert 0 <= low <= (gain / examined if examined else 0) + 1e-9
    assert wilson(2 * gain, 2 * examined) >= low - 1e-9


def test_one_click_counts_for_less_than_ten_of_ten() -> None:
    assert wilson(1, 1) == pytest.approx(0.5)
    assert wilson(10, 10) == pytest.approx(10 / 11)


def test_documents_round_trip() -> None:
    entry = replace(folded(None, a_round({"a": 0.5})), run="2026", people=People(("ab", "cd"), 3))
    document = orjson.loads(orjson.dumps(to_document(entry, "shop")))
    assert from_document(document) == entry
    with pytest.raises(DataError, match="memory of query 'red shoes' cannot be read"):
        from_document({**document, "entities": {"id": ["a"]}})


def test_a_query_is_shared_once_enough_people_acted_on_it() -> None:
    def after(*rounds: Round) -> Entry:
        return fold(None, rounds, EXAMINATION, counting(users=2), run="r")

    one = after(by("ann", {"a": 1.0}), by("ann", {"a": 1.0}), by("bob", {}))
    assert (one.scores(10, users=2), len(one.people.known)) == ((), 1), "whoever only looks, is not counted"
    two = fold(one, [by("bob", {"b": 1.0})], EXAMINATION, counting(users=2), run="s")
    assert two.people == People(enough=2), "and then nobody is noted any more"
    assert {e.id for e in two.scores(10, users=2)} == {"a", "b"}
    assert after(by(None, {"a": 1.0}), by(None, {"a": 1.0})).scores(10, users=2) == ()


def test_where_more_people_are_wanted_than_before_counting_starts_afresh() -> None:
    shared = People(enough=2)
    assert shared.at_least(2)
    more = shared.joined_by(["x", "y"], 3)
    assert (more.at_least(2), more.at_least(3)) == (True, False)
    assert more.joined_by(["z"], 3) == People(enough=3)


def test_people_leave_what_was_predicted_without_them() -> None:
    before = Entry("red shoes", START, {"a": Tally(predicted=0.3)})
    after = fold(before, [by("ann", {"a": 1.0, "b": 1.0})], EXAMINATION, counting(users=2), run="r")
    assert after.scores(10, users=2) == (EntityScore("a", 0.3, predicted=True),)
    assert not any(e.predicted for e in after.scores(10, users=1))


def test_hashes_tell_people_apart_and_nothing_else() -> None:
    known = {HASHING.person(q, Asker(user=u)) for q in ("red shoes", "hats") for u in ("ann", "bob")}
    assert len(known) == 4, "what one person asked cannot be put together"
    assert HASHING.person("hats", Asker(user="ann")) != Hashing(b"other").person("hats", Asker(user="ann"))
    assert HASHING.person("hats", Asker()) is None
    assert HASHING.person("hats", Asker(session="s")) == HASHING.person("hats", Asker(user="s"))
    document = to_document(fold(None, [by("ann", {"a": 1.0})], EXAMINATION, counting(users=2), run="r"), "shop")
    assert "ann" not in orjson.dumps(document).decode()


def test_one_person_cannot_fill_the_memory() -> None:
    flood = fold(None, [by("eve", {"c": 1.0}) for _ in range(100)], EXAMINATION, counting(user_cap=3), run="r")
    assert flood.entities["c"] == Tally(3.0, 3.0)
    people = fold(None, [by(f"p{i}", {"c": 1.0}) for i in range(9)], EXAMINATION, counting(user_cap=3), run="r")
    assert people.entities["c"] == Tally(9.0, 9.0)


def test_a_shops_history_counts_people_as_searches_do() -> None:
    acted = [Acted("a", START, user="eve") for _ in range(9)] + [Acted("b", START, user="bob")]
    entry = recall(None, "red shoes", acted, counting(users=2))
    assert (entry.people, entry.entities["a"].gain) == (People(enough=2), 3.0)
    assert entry.scores(10, users=2)[0].id == "a"


def test_entries_are_ordered_by_what_is_left_of_their_gain() -> None:
    old = Entry("a", START, {"x": Tally(8.0, 8.0)})
    new = Entry("b", START + timedelta(days=20), {"x": Tally(3.0, 3.0)})
    never = Entry("c", START, {"x": Tally(predicted=0.9)})
    assert new.recent(10) > old.recent(10) > never.recent(10), "8 gains weigh 2 after two half-lives"


def test_what_comes_late_counts_as_if_it_had_been_known() -> None:
    nothing, clicked, bought = a_round({}), a_round({"c": 0.5}), a_round({"c": 1.0, "a": 0.5})
    known = folded(None, bought, a_round({"b": 1.0}, days=10))
    for counted in (nothing, clicked):
        late = amended(
            folded(None, counted, a_round({"b": 1.0}, days=10)), [(counted, bought)], EXAMINATION, counting(), "late"
        )
        assert late.late == "late"
        for of in ("gain", "examined"):
            told, should = ({id: getattr(t, of) for id, t in e.entities.items()} for e in (late, known))
            assert told == pytest.approx(should)
    back = amended(folded(None, bought), [(bought, clicked)] * 4, EXAMINATION, counting(), "late")
    assert back.entities["a"].gain == 0.0


def test_who_acts_late_stands_behind_a_query() -> None:
    before, after = by("ann", {}), by("ann", {"a": 1.0})
    entry = fold(None, [before], EXAMINATION, counting(users=2), "r")
    assert len(entry.people.known) == 0
    assert len(amended(entry, [(before, after)], EXAMINATION, counting(users=2), "l").people.known) == 1
