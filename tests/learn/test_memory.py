from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.learn.memory import Entry, Tally, fold, from_document, to_document, wilson
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.types import DocKey, EntityScore
from tests.learn.synthetic import START, decision

EXAMINATION = (1.0, 0.5, 0.25)


def a_round(gains: dict[str, float], *, days: float = 0.0) -> Round:
    shown = tuple(CandidateRecord(DocKey("shop-1", id), ()) for id in "abc")
    one = replace(decision(0), candidates=shown, shown=3, normalized="red shoes", at=START + timedelta(days=days))
    return Round(one, gains)


def folded(entry: Entry | None, *rounds: Round, limit: int = 10) -> Entry:
    return fold(entry, rounds, EXAMINATION, run="r", half_life_days=10, limit=limit)


def test_clicks_are_remembered_and_what_is_passed_over_sinks() -> None:
    entry = folded(None, a_round({"c": 0.5}))
    assert entry.entities == {"c": Tally(0.5, 1.0), "a": Tally(0.0, 1.0), "b": Tally(0.0, 0.5)}
    assert [e.id for e in entry.scores(10)] == ["c"]
    later = folded(entry, *[a_round({}) for _ in range(10)])
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
    entry = replace(folded(None, a_round({"a": 0.5})), run="2026")
    document = orjson.loads(orjson.dumps(to_document(entry, "shop")))
    assert from_document(document) == entry
    with pytest.raises(DataError, match="memory of query 'red shoes' cannot be read"):
        from_document({**document, "entities": {"id": ["a"]}})
