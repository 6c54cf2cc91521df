"""Click models against simulated people: each recovers what it assumes, all beat counting clicks."""

from collections import defaultdict
from random import Random
from typing import get_args

import numpy as np
import pytest

from ltrr_opensearch.arena.clicks import Cascade
from ltrr_opensearch.learn.clicks.impressions import Impressions, impressions
from ltrr_opensearch.learn.clicks.models import MODULES, click_model
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn_settings import ClickModelName, LearnSettings
from ltrr_opensearch.logged import Round
from tests.learn.clicks import EXAMINED, decision, searches

SURE = 0.95
"""Weight of what was looked at twenty times."""


def told(rounds: list[Round], model: str) -> dict[tuple[str, str], float]:
    return {(j.query, j.id): j.grade for j in judgments_from_clicks(rounds, model).judgments if j.weight > SURE}


def agreement(grades: dict[tuple[str, str], float], truth: dict[tuple[str, str], float]) -> float:
    return float(np.corrcoef(list(grades.values()), [truth[pair] for pair in grades])[0, 1])


def clicked_rate(rounds: list[Round]) -> dict[tuple[str, str], float]:
    shown: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for one in rounds:
        for c in one.decision.candidates[: one.decision.shown]:
            shown[one.decision.normalized, c.key.id].append(float(c.key.id in one.gains))
    return {pair: float(np.mean(clicks)) for pair, clicks in shown.items()}


def read_from_the_top(queries: int, each: int) -> tuple[list[Round], dict[tuple[str, str], float]]:
    """Searches of people who go on with 0.85 after what they did not click, and with 0.4 after a click."""
    rng, people = np.random.default_rng(3), Cascade(noise=0.0)
    rounds: list[Round] = []
    truth: dict[tuple[str, str], float] = {}
    for q in range(queries):
        query, ids = f"q{q}", [f"d{i}" for i in range(20)]
        likes = dict(zip(ids, rng.beta(1, 2, 20), strict=True))
        truth |= {(query, id): float(a) for id, a in likes.items()}
        for number in range(each):
            order = sorted(ids, key=lambda id: -likes[id] - rng.normal(0, 0.5))
            clicks = people.clicks(order[:10], likes, Random(f"{q} {number}"))
            rounds.append(Round(decision(query, number, order, {}, 10), {order[rank - 1]: 1.0 for rank in clicks}))
    return rounds, truth


@pytest.mark.parametrize("model", ["position", "swaps"])
def test_how_far_people_look_is_found(model: str) -> None:
    rounds, _ = searches(60, 60)
    found = np.array(judgments_from_clicks(rounds, model).examination)
    np.testing.assert_allclose(found, EXAMINED[:10], atol=0.08)


def test_a_good_order_looks_like_attention_to_who_counts_by_position() -> None:
    """What is at the top is better, too: clicks over expected clicks take the one for the other."""
    rounds, _ = searches(60, 60)
    steep = np.array(judgments_from_clicks(rounds, "coec").examination)
    assert (steep[1:] < EXAMINED[1:10] - 0.01).all()


@pytest.mark.parametrize("model", list(MODULES))
def test_every_model_beats_counting_clicks(model: str) -> None:
    rounds, truth = read_from_the_top(40, 120) if model == "cascade" else searches(40, 120)
    grades, rates = told(rounds, model), clicked_rate(rounds)
    assert agreement(grades, truth) > agreement({pair: rates[pair] for pair in grades}, truth) + 0.02


def test_who_reads_from_the_top_looked_at_all_above_their_last_click() -> None:
    rounds, truth = read_from_the_top(60, 100)
    seen = impressions(rounds)
    assert seen is not None
    fitted = click_model("cascade")(seen)
    np.testing.assert_allclose(fitted.examined[seen.position == 0], 1)
    np.testing.assert_allclose(fitted.examined[seen.clicked > 0], 1)
    often = seen.by_pair(fitted.examined) > 30
    gaps = fitted.attractive[often] - np.array([truth[pair] for pair in seen.pairs])[often]
    assert abs(float(gaps.mean())) < 0.03


def test_the_models_are_those_that_may_be_set() -> None:
    assert tuple(MODULES) == get_args(ClickModelName)


def test_where_nothing_moved_swaps_know_what_they_assume() -> None:
    fixed = [Round(decision("q", n, ["a", "b", "c"], {}, 3), {"a": 1.0}) for n in range(200)]
    np.testing.assert_allclose(judgments_from_clicks(fixed, "swaps").examination, [1, 1 / 2, 1 / 3], atol=1e-6)


@pytest.mark.parametrize("model", list(MODULES))
def test_no_clicks_and_one_document(model: str) -> None:
    nothing = judgments_from_clicks([Round(decision("q", 0, ["a"], {}, 1), {})], model)
    assert [j.grade for j in nothing.judgments] == [0.0]
    one = judgments_from_clicks([Round(decision("q", 0, ["a"], {}, 1), {"a": 1.0})], model)
    assert 0 < one.judgments[0].grade <= 1


def test_the_settings_name_every_model() -> None:
    for name in MODULES:
        assert LearnSettings(click_model=name).click_model == name


def test_impressions_are_counted_by_place() -> None:
    seen = impressions([Round(decision("q", n, ["a", "b"], {}, 2), {"b": 0.5} if n else {}) for n in range(3)])
    assert isinstance(seen, Impressions)
    cells = seen.cells()
    assert [(seen.pairs[p][1], k) for p, k in zip(cells.pair, cells.position, strict=True)] == [("a", 0), ("b", 1)]
    assert cells.shown.tolist() == [3, 3]
    assert cells.clicked.tolist() == [0, 2]
