"""Chance told from liking by the whole of what is shown."""

from __future__ import annotations

import numpy as np
import pytest

from ltrr_opensearch.knowledge.liking import Liking
from ltrr_opensearch.learn.clicks.impressions import Floats
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn.liking import liking
from ltrr_opensearch.logged import Round
from tests.learn.clicks import decision


def told(acted: Floats, examined: Floats) -> Liking | None:
    return liking(acted, examined, np.ones(len(acted), dtype=np.bool_))


@pytest.mark.parametrize("chance", [0.01, 0.03, 0.1])
def test_clicks_by_chance_are_told_from_liking(chance: float) -> None:
    """A tenth of what is shown is wanted, and clicked half of the times that people look; the rest by chance."""
    rng = np.random.default_rng(1)
    ids = [f"d{n}" for n in range(20)]
    rounds = []
    for number in range(1500):
        shown = [ids[i] for i in rng.permutation(20)]
        liked = [0.5 if id in ("d0", "d1") else chance for id in shown]
        gains = {id: 1.0 for at, (id, a) in enumerate(zip(shown, liked, strict=True), 1) if rng.random() < a / at}
        rounds.append(Round(decision(f"q{number % 30}", number, shown, {}, 20), gains))
    judged = judgments_from_clicks(rounds)
    found = told(judged.acted, judged.examined)
    assert found is not None
    assert found.chance == pytest.approx(chance, rel=0.3)
    assert found.wanted.documents == pytest.approx(60, rel=0.25)


def test_what_is_liked_a_little_is_not_taken_for_chance() -> None:
    """As where a good ranker shows much that is liked, to all degrees: chance stays what it is."""
    rng = np.random.default_rng(2)
    liked = np.where(rng.random(6000) < 0.35, 0.03, rng.uniform(0.3, 1, 6000))
    shown = rng.exponential(0.2, 6000)
    found = told(rng.poisson(shown * liked).astype(np.float64), shown)
    assert found is not None
    assert found.chance < 0.08


def test_what_nobody_acted_upon_yet_has_a_share_of_its_own() -> None:
    """Where the good is known already, what is new is mostly bad; it is told apart from the same two rates."""
    rng = np.random.default_rng(3)
    fresh = np.arange(8000) < 4000
    wanted = rng.random(8000) < np.where(fresh, 0.05, 0.7)
    acted = rng.poisson(np.where(wanted, 0.5, 0.02) * 4).astype(np.float64)
    found = liking(acted, np.full(8000, 4.0), fresh)
    assert found is not None
    assert found.odds == pytest.approx(0.05 / 0.95, rel=0.2)
    assert found.wanted.documents == pytest.approx(wanted.sum(), rel=0.1)


def test_too_few_documents_tell_nothing_of_chance() -> None:
    rng = np.random.default_rng(0)
    assert told(rng.poisson(0.2, 12).astype(np.float64), np.ones(12)) is None


def test_one_kind_of_documents_is_seldom_taken_for_two() -> None:
    alike = [np.random.default_rng(seed).poisson(0.2, 200).astype(np.float64) for seed in range(40)]
    assert sum(told(acted, np.ones(200)) is not None for acted in alike) <= 1


def test_where_all_is_liked_alike_nothing_is_chance() -> None:
    rounds = [Round(decision("q", n, ["a"], {}, 1), {"a": 1.0}) for n in range(50)]
    judged = judgments_from_clicks(rounds)
    assert told(judged.acted, judged.examined) is None


def test_nothing_shown_tells_nothing() -> None:
    assert told(np.empty(0), np.empty(0)) is None
