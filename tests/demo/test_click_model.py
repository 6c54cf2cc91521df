from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.demo.click_model import ClickModel

SHOWN = tuple("abcdefghij")


def rate(model: ClickModel, grades: dict[str, int], rank: int, people: int = 4000) -> float:
    rng = Random(1)
    return sum(rank in model.clicks(SHOWN, grades, rng) for _ in range(people)) / people


def test_examination_falls_with_rank() -> None:
    model = ClickModel(eta=1.0)
    assert [model.examination(rank) for rank in (1, 2, 4)] == [1.0, 0.5, 0.25]


def test_attractiveness_rises_with_the_grade_within_the_noise() -> None:
    model = ClickModel(noise=0.03)
    values = [model.attractiveness(grade) for grade in range(4)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(0.03)
    assert values[3] == pytest.approx(0.97)
    assert model.attractiveness(None) == values[0]


def test_without_stopping_the_click_rate_is_examination_times_attractiveness() -> None:
    model = ClickModel(eta=0.7, noise=0.05, satisfied=0.0)
    expected = model.examination(3) * model.attractiveness(2)
    assert rate(model, {"a": 3, "c": 2}, rank=3) == pytest.approx(expected, abs=0.025)


def test_a_satisfied_person_stops() -> None:
    grades = dict.fromkeys(SHOWN, 3)
    assert rate(ClickModel(satisfied=0.9), grades, 2) < rate(ClickModel(satisfied=0.0), grades, 2) / 3


@given(st.integers(0, 2**32), st.dictionaries(st.sampled_from(SHOWN), st.integers(0, 3)))
def test_clicks_are_ranks_of_the_page_and_repeat_with_the_seed(seed: int, grades: dict[str, int]) -> None:
    model = ClickModel()
    clicks = model.clicks(SHOWN, grades, Random(seed))
    assert all(1 <= rank <= len(SHOWN) for rank in clicks)
    assert list(clicks) == sorted(set(clicks))
    assert clicks == model.clicks(SHOWN, grades, Random(seed))
