from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.arena.clicks import Cascade, ClickModel, PositionBased, noisy, of_grade

SHOWN = tuple("abcdefghij")


def rate(model: ClickModel, grades: dict[str, int], rank: int, people: int = 4000) -> float:
    rng = Random(1)
    attraction = {document: of_grade(grade) for document, grade in grades.items()}
    return sum(rank in model.clicks(SHOWN, attraction, rng) for _ in range(people)) / people


def test_examination_falls_with_rank() -> None:
    model = PositionBased(eta=1.0)
    assert [model.examination(rank) for rank in (1, 2, 4)] == [1.0, 0.5, 0.25]


def test_attractiveness_rises_with_the_grade_within_the_noise() -> None:
    values = [noisy(of_grade(grade), 0.03) for grade in range(4)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(0.03)
    assert values[3] == pytest.approx(0.97)


def test_without_stopping_the_click_rate_is_examination_times_attractiveness() -> None:
    model = PositionBased(eta=0.7, noise=0.05, satisfied=0.0)
    expected = model.examination(3) * noisy(of_grade(2), 0.05)
    assert rate(model, {"a": 3, "c": 2}, rank=3) == pytest.approx(expected, abs=0.025)


def test_a_satisfied_person_stops() -> None:
    grades = dict.fromkeys(SHOWN, 3)
    assert rate(PositionBased(satisfied=0.9), grades, 2) < rate(PositionBased(satisfied=0.0), grades, 2) / 3


def test_in_the_cascade_what_stands_above_decides_what_is_seen() -> None:
    model = Cascade(noise=0.0, after_click=0.0, after_none=1.0)
    assert rate(model, {"a": 3, "b": 3}, 2) == 0.0
    assert rate(model, {"b": 3}, 2) == 1.0


@pytest.mark.parametrize("model", [PositionBased(), Cascade()])
@given(seed=st.integers(0, 2**32), attraction=st.dictionaries(st.sampled_from(SHOWN), st.floats(0, 1)))
def test_clicks_are_ranks_of_the_page_and_repeat_with_the_seed(
    model: ClickModel, seed: int, attraction: dict[str, float]
) -> None:
    clicks = model.clicks(SHOWN, attraction, Random(seed))
    assert all(1 <= rank <= len(SHOWN) for rank in clicks)
    assert list(clicks) == sorted(set(clicks))
    assert clicks == model.clicks(SHOWN, attraction, Random(seed))
