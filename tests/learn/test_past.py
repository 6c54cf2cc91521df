"""Searches of the time before us count as ours do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from ltrr_opensearch.learn.memory import Counting, brought, from_document, to_document
from ltrr_opensearch.learn.past import ELSEWHERE, Past, drawn_from, past_rounds, worded
from ltrr_opensearch.learn.people import Hashing
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Event, Round
from ltrr_opensearch.types import Asker
from tests.learn.synthetic import START

IDS = {"a": ["a"], "b": ["b"], "sku-1": ["d1", "d2"]}
LEARN = LearnSettings(gains={"click": 0.5, "purchase": 1.0}, flood_per_minute=5, user_cap=4)
COUNTING = Counting(half_life_days=10, limit=10, users=1, user_cap=3, hashing=Hashing(b"secret"))


def past(n: int, *acted: str, user: str | None = None, shown: Sequence[str] = (), after_s: float = 5) -> Past:
    at, asker = START + timedelta(hours=n), Asker(user)
    events = tuple(Event(f"p{n}", at + timedelta(seconds=after_s), "click", id, user=user) for id in acted)
    return Past(f"p{n}", at, "Red Shoes", asker, tuple(shown), events)


def rounds(*some: Past) -> tuple[list[Round], Counter[str]]:
    counts: Counter[str] = Counter()
    return past_rounds(some, "shop", IDS, LEARN, counts), counts


def test_what_was_acted_upon_is_known_with_and_without_a_page() -> None:
    (unpaged, paged), counts = rounds(past(1, "a"), past(2, "b", shown=("a", "b", "gone")))
    assert (unpaged.gains, unpaged.decision.shown) == ({"a": 0.5}, 0)
    assert (paged.gains, paged.decision.shown) == ({"b": 0.5}, 2)
    assert [c.key.id for c in paged.decision.candidates] == ["a", "b"]
    assert paged.decision.normalized == "red shoes"
    assert counts["rounds with a gain"] == 2


def test_an_object_gives_its_gain_to_all_of_its_documents() -> None:
    (one,), _ = rounds(past(1, "sku-1"))
    assert one.gains == {"d1": 0.5, "d2": 0.5}


def test_what_cannot_count_is_counted_by_reason() -> None:
    every = [past(1, "gone"), past(2, "a", after_s=9999), past(3, "a", shown=("b",))]
    found, counts = rounds(*every, Past("p4", START, "?!", Asker()))
    assert not any(one.gains for one in found)
    assert (counts[ELSEWHERE], counts["events out of time"], counts["events on what was not shown"]) == (1, 1, 1)
    assert [one.query_id for one in worded([*every, Past("p4", START, "?!", Asker())], counts)] == ["p1", "p2", "p3"]
    assert counts["searches without words"] == 1


def test_bots_are_left_out_and_one_person_is_capped() -> None:
    flood = [Past(f"f{n}", START + timedelta(seconds=n), "hat", Asker("bot")) for n in range(9)]
    found, counts = rounds(*flood, *(past(n, "a", user="fan") for n in range(6)))
    assert counts["searches of bots"] == 9
    assert len(found) == LEARN.user_cap == 4


def test_a_sample_is_of_searches_and_keeps_their_order() -> None:
    every, _ = rounds(*(past(n, "a", user=f"u{n}") for n in range(50)))
    some = drawn_from(every, 10, seed=3)
    assert some == drawn_from(every, 10, seed=3) == sorted(some, key=lambda one: one.decision.at)
    assert len({one.decision.query_id for one in some}) == 10
    assert drawn_from(every, 99, seed=0) == every


def test_a_page_that_is_known_says_what_was_passed_over() -> None:
    found, _ = rounds(past(1, "b", shown=("a", "b")), past(2, "a"))
    paged = brought(None, found[:1], (1.0, 0.5), COUNTING, "run")
    assert paged
    assert {id: (t.gain, t.examined) for id, t in paged.entities.items()} == {"a": (0.0, 1.0), "b": (0.5, 1.0)}
    both = brought(None, found, (1.0, 0.5), COUNTING, "run")
    assert both
    assert both.entities["a"].gain == pytest.approx(0.5)
    assert (both.past, both.run) == ("run", "")
    assert from_document(to_document(both, "shop")) == both


def test_the_past_fades_as_it_should_whenever_it_is_brought() -> None:
    old, young = rounds(past(0, "a"), past(240, "b"))[0]  # ten days apart, the half-life
    first, second = (brought(None, [one], (), COUNTING, "run") for one in (old, young))
    late = brought(second, [old], (), COUNTING, "later")
    usual = brought(first, [young], (), COUNTING, "later")
    assert late
    assert usual
    assert late.updated == usual.updated == young.decision.at
    assert {id: t.gain for id, t in late.entities.items()} == pytest.approx({"a": 0.25, "b": 0.5})
    assert {id: t.gain for id, t in usual.entities.items()} == pytest.approx({"a": 0.25, "b": 0.5})


def test_nothing_acted_upon_and_no_page_leaves_an_entry_as_it_is() -> None:
    found, _ = rounds(past(1))
    assert brought(None, found, (), COUNTING, "run") is None
