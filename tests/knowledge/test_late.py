"""What becomes known of searches after they were counted: the counts are as if it had been known at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.cells import Cell
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.knowledge.personal import PersonalMemory
from ltrr_opensearch.knowledge.popularity import Popularity
from ltrr_opensearch.logged import Round
from tests.learn.synthetic import START, decision, wanted

HALF_LIFE = 10.0
PURCHASED, CLICKED = 1.0, 0.5


def searched(gains: Sequence[float]) -> list[Round]:
    """A search a day of one query, the wanted document on the page of each and gaining so much."""
    made = [decision(8 * n) for n in range(100)]
    shown = [one for one in made if wanted("query 0") in {c.key.id for c in one.candidates[: one.shown]}]
    every = [replace(one, at=START + timedelta(days=n)) for n, one in enumerate(shown[: len(gains)])]
    return [Round(one, {wanted(one.normalized): gain} if gain else {}) for one, gain in zip(every, gains, strict=True)]


COUNTED = searched([CLICKED, 0.0, CLICKED, 0.0, CLICKED])
KNOWN = searched([CLICKED, PURCHASED, PURCHASED, 0.0, CLICKED])
LATE = [pair for pair in zip(COUNTED, KNOWN, strict=True) if pair[0] != pair[1]]


def test_aggregates_are_as_if_all_had_been_known() -> None:
    at_once = Aggregates().updated(KNOWN, HALF_LIFE)
    late = Aggregates().updated(COUNTED, HALF_LIFE).corrected(LATE, HALF_LIFE)
    assert late.rows == at_once.rows
    for key in late.rows:
        of, should = late.whole(key), at_once.whole(key)
        assert of
        assert should
        assert_allclose(of[:4], should[:4], atol=1e-6)  # what repeats needs the order of time
        for strategy in late.strategies:
            theirs = at_once.cell(key, strategy)
            assert_allclose(late.cell(key, strategy) or Cell(), theirs or Cell(), atol=1e-6)


def test_what_comes_later_still_fades_the_same() -> None:
    early = Aggregates().updated(COUNTED[:3], HALF_LIFE).corrected(LATE, HALF_LIFE).updated(COUNTED[3:], HALF_LIFE)
    late = Aggregates().updated(COUNTED, HALF_LIFE).corrected(LATE, HALF_LIFE)
    assert_allclose(early.sums[..., :4], late.sums[..., :4], atol=1e-5)


def test_the_youngest_scores_and_notes_stay() -> None:
    before = Aggregates().updated(COUNTED, HALF_LIFE)
    after = before.corrected(LATE, HALF_LIFE)
    assert after.notes == before.notes
    np.testing.assert_array_equal(after.sums[..., -2:], before.sums[..., -2:])
    assert before.corrected([], HALF_LIFE) is before


def test_what_is_taken_back_leaves_no_debt() -> None:
    before, after = COUNTED[0], replace(COUNTED[0], gains={})
    once = Aggregates().updated(COUNTED[:1], HALF_LIFE)
    gone = once.corrected([(before, after)] * 2, HALF_LIFE)
    assert (gone.sums >= 0).all()
    assert Popularity().updated(COUNTED[:1]).corrected([(before, after)] * 2).gains[wanted("query 0")].recent == 0


def test_whoever_is_forgotten_stays_forgotten() -> None:
    known = Aggregates().updated(COUNTED, HALF_LIFE)
    user = COUNTED[1].decision.asker.user
    assert user
    assert known.user(user)
    corrected = known.forgetting(user).corrected(LATE, HALF_LIFE)
    assert corrected.user(user) is None


def test_exposure_and_popularity_are_as_if_all_had_been_known() -> None:
    shown = Exposure().updated(COUNTED, HALF_LIFE).corrected(LATE, HALF_LIFE)
    should = Exposure().updated(KNOWN, HALF_LIFE)
    assert shown.shown == should.shown
    assert shown.gained == pytest.approx(should.gained)
    popular, known = Popularity().updated(COUNTED).corrected(LATE), Popularity().updated(KNOWN)
    assert popular.as_of == known.as_of
    for id, gained in known.gains.items():
        assert popular.gains[id] == pytest.approx(gained)


def test_the_same_late_ones_give_the_same_bytes() -> None:
    made = [Aggregates().updated(COUNTED, HALF_LIFE).corrected(LATE, HALF_LIFE).to_bytes() for _ in range(2)]
    assert made[0] == made[1]


def test_what_single_people_did_is_as_if_all_had_been_known() -> None:
    late = PersonalMemory().updated(COUNTED, HALF_LIFE, 9).corrected(LATE, HALF_LIFE, 9)
    known = PersonalMemory().updated(KNOWN, HALF_LIFE, 9)
    assert late.people.keys() == known.people.keys()
    for person, pairs in known.people.items():
        assert [(p.words, p.id, pytest.approx(p.gain)) for p in pairs] == [tuple(p) for p in late.people[person]]
