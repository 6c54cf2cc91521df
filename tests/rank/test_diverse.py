"""Keeping alike documents apart: who falls, how far, and what stays as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.rank.diverse import alike_by_values, alike_by_vectors, diversified
from ltrr_opensearch.types import Candidate, DocKey, Ranked

PLACES = 3


def order(brands: str) -> list[Ranked]:
    return [Ranked(Candidate(DocKey("shop", f"{b}{n}"), ()), n, 1 / n) for n, b in enumerate(brands, start=1)]


def ids(ranked: tuple[Ranked, ...]) -> str:
    return " ".join(r.candidate.key.id for r in ranked)


def apart(brands: str, places: float = PLACES, depth: int = 100) -> str:
    values = [frozenset({brand}) - {"-"} for brand in brands]
    return ids(diversified(order(brands), alike_by_values(values[:depth]), places))


def test_what_is_like_one_above_it_falls_by_at_most_the_places() -> None:
    assert apart("aaabcde") == "a1 b4 a2 c5 a3 d6 e7"


def test_what_is_like_nothing_keeps_its_order() -> None:
    assert apart("abcd") == "a1 b2 c3 d4"
    assert apart("----") == "-1 -2 -3 -4", "nothing is known of these"


def test_only_the_first_are_kept_apart() -> None:
    assert apart("aabb", depth=2) == "a1 a2 b3 b4"


def test_scores_stay_with_their_documents_and_ranks_are_those_of_the_order() -> None:
    found = diversified(order("aab"), alike_by_values([frozenset(b) for b in "aab"]), PLACES)
    assert [(r.candidate.key.id, r.rank, r.score) for r in found] == [("a1", 1, 1.0), ("b3", 2, 1 / 3), ("a2", 3, 0.5)]


def test_values_in_common_and_cosines() -> None:
    values = alike_by_values([frozenset("ab"), frozenset("bc"), frozenset("x")])
    assert values[0].tolist() == [0.0, pytest.approx(1 / 3), 0.0]
    one, other = np.array([2.0, 0.0], dtype=np.float32), np.array([1.0, 1.0], dtype=np.float32)
    vectors = alike_by_vectors([one, None, other, -one, np.zeros(2, dtype=np.float32)])
    assert vectors[0].tolist() == [1.0, 0.0, pytest.approx(0.5**0.5), 0.0, 0.0]
    assert alike_by_vectors([None]).tolist() == [[0.0]]


@given(st.text("abc-", max_size=12), st.floats(0.1, 20))
def test_none_is_lost_and_none_falls_further_than_it_may(brands: str, places: float) -> None:
    before = [r.candidate.key.id for r in order(brands)]
    after = apart(brands, places).split()
    assert sorted(after) == sorted(before)
    assert not after or after[0] == before[0]
    for id in before:
        assert after.index(id) - before.index(id) <= places
