"""Orders on a judgment list: measures by query and slice, and tests that keep their promises."""

import json
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pytest

from ltrr_opensearch.evaluate.drops import Look, digest, watched
from ltrr_opensearch.evaluate.orders import (
    ERR,
    MAIN,
    MEASURES,
    compare_orders,
    expected_reciprocal_rank,
    holm,
    randomization,
    whole,
)
from ltrr_opensearch.learn.looks import look_id
from ltrr_opensearch.logged import Judgment

AT = datetime(2026, 3, 2, tzinfo=UTC)
JUDGED = [Judgment(f"q{n}", id, grade) for n in range(6) for id, grade in (("a", 3.0), ("b", 1.0), ("c", 0.0))]
NOTHING = Judgment("nothing", "a", 0.0)


def test_orders_are_measured_and_compared() -> None:
    good = {f"q{n}": ["a", "b", "c"] for n in range(6)} | {"nothing": ["a"]}
    poor = {f"q{n}": ["c", "b", "a"] for n in range(6)} | {"nothing": ["b"]}
    found = compare_orders(
        [*JUDGED, NOTHING], {"own": poor, "ranked": good}, "own", {"even": ["q0", "q2"], "none": ["x"]}
    )
    assert found.queries == [f"q{n}" for n in range(6)]
    assert found.mean("ranked", MAIN) == 1.0
    assert found.mean("own", "RR") == 0.5
    assert found.mean("own", "Judged@10", ["q0"]) == 1.0
    gap = found.beside["ranked"][MAIN]
    assert gap.difference.low > 0.3
    assert gap.p == gap.adjusted == pytest.approx(2 / 64, abs=0.01)
    told = json.loads(json.dumps(found.to_json()))
    assert told["orders"]["ranked"]["by_query"]["q3"]["RR"] == 1.0
    assert told["orders"]["ranked"]["slices"] == {"even": told["orders"]["ranked"]["means"]}
    assert set(told["orders"]["own"]["means"]) == set(MEASURES)
    assert told["orders"]["own"]["differences"] == {}


def test_err_is_that_of_its_paper() -> None:
    """Grades 3, 2, 0 of at most 3: 7/8 at once, else 3/8 at the second."""
    judged = [Judgment("q", "a", 3.0), Judgment("q", "b", 2.0), Judgment("q", "c", 0.0)]
    assert expected_reciprocal_rank(judged, {"q": ["a", "b"]})["q"] == pytest.approx(7 / 8 + 1 / 8 * 3 / 8 / 2)
    assert expected_reciprocal_rank(judged, {"q": ["c", "x", "a"], "unknown": ["a"]}) == {"q": pytest.approx(7 / 8 / 3)}
    assert ERR in MEASURES


def test_grades_of_clicks_are_made_whole() -> None:
    clicks = [Judgment("q", "a", 0.4), Judgment("q", "b", 0.1), Judgment("q", "c", 0.0)]
    assert [j.grade for j in whole(clicks)] == [4.0, 1.0, 0.0]
    assert whole(JUDGED) is JUDGED


def test_chance_is_called_significant_as_often_as_it_says() -> None:
    rng, called = np.random.default_rng(1), 0
    for trial in range(200):
        ours = dict(enumerate(rng.exponential(0.1, 40) * rng.choice((-1, 1), 40)))
        named = {str(q): v for q, v in ours.items()}
        called += randomization(named, dict.fromkeys(named, 0.0), seed=trial) < 0.05
    assert called < 22
    assert randomization({"q": 0.3}, {"q": 0.3}) == 1.0


def test_signs_for_many_queries_take_little_memory() -> None:
    gaps = {str(q): float(v) for q, v in enumerate(np.random.default_rng(1).normal(0.01, 1, 5000))}
    tracemalloc.start()
    p = randomization(gaps, dict.fromkeys(gaps, 0.0))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0 < p <= 1
    assert most < 50e6


def test_many_tests_at_once_are_harder_to_pass() -> None:
    assert holm({"a": 0.04, "b": 0.01, "c": 0.03}) == pytest.approx({"b": 0.03, "c": 0.06, "a": 0.06})
    assert holm({}) == {}


def look(*values: float, at: datetime = AT) -> Look:
    return Look(at, "serving", {f"q.{n}": value for n, value in enumerate(values)})


def test_the_first_look_is_kept_and_survives_being_stored() -> None:
    first = watched(None, look(0.5, 0.7), 0.02, MAIN)
    assert first.kept == look(0.5, 0.7)
    assert not first.warning
    assert Look.from_json(json.loads(json.dumps(first.kept.to_json()))) == first.kept


def test_a_drop_is_told_until_it_is_mended_or_accepted() -> None:
    before, worse = look(0.9, 0.8), look(0.5, 0.8, at=AT.replace(day=3))
    told = watched(before, worse, 0.02, MAIN)
    assert "nDCG@10 of serving fell from 0.8500 (best since 2026-03-02 00:00 UTC) to 0.6500" in told.warning
    assert "most at 'q.0' 0.90 to 0.50" in told.warning
    assert told.kept == before, "what fell is no reference, or the next run would find nothing"
    assert watched(told.kept, look(0.9, 0.79), 0.02, MAIN).warning == ""


def test_small_steps_down_add_up() -> None:
    reference = look(0.90)
    for value in (0.89, 0.885):
        seen = watched(reference, look(value), 0.02, MAIN)
        assert not seen.warning
        reference = seen.kept
    assert watched(reference, look(0.87), 0.02, MAIN).warning
    assert watched(reference, look(0.95), 0.02, MAIN).kept == look(0.95)


def test_a_list_that_changed_is_held_to_what_it_shares_and_says_so() -> None:
    before = Look(AT, "serving", {"a": 0.9, "b": 0.5}, "old")
    assert watched(before, Look(AT, "serving", {"a": 0.9, "b": 0.5}, "old"), 0.02, MAIN).changed == ""
    told = watched(before, Look(AT, "serving", {"a": 0.6, "c": 1.0}, "new"), 0.02, MAIN)
    assert "to 0.6000" in told.warning
    assert told.changed == "the judgments changed since 2026-03-02 00:00 UTC; held to it on the 1 queries of both"
    other = Look(AT, "serving", {"x": 0.1}, "new")
    anew = watched(before, other, 0.02, MAIN)
    assert anew.kept == other
    assert "begun anew" in anew.changed


def test_a_digest_is_of_the_judgments_in_any_order() -> None:
    assert digest(JUDGED) == digest(JUDGED[::-1])
    assert digest(JUDGED) != digest([*JUDGED[1:], Judgment("q0", "a", 2.0)])


def test_looks_are_kept_by_index_order_and_name_of_the_list() -> None:
    ids = {look_id(*which) for which in (("i", "o", "n"), ("j", "o", "n"), ("i", "p", "n"), ("i", "o", "m"))}
    assert len(ids) == 4
