"""Chance told from liking: by the whole of what is shown, and then for each document."""

from __future__ import annotations

import numpy as np
import pytest

from ltrr_opensearch.knowledge.liking import Kind, Liking
from ltrr_opensearch.learn.chance import liking
from ltrr_opensearch.learn.clicks.impressions import Floats
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.logged import Round
from tests.learn.clicks import decision

KNOWN = Liking(Kind(900, 1000, 30, 600), Kind(300, 500, 250, 60))
"""Clicked three times in a hundred looks, or half of the times; of what was never acted upon, a tenth is wanted."""


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


def test_one_action_on_what_was_hardly_looked_at_proves_little() -> None:
    acted, examined = np.array([1.0, 1.0, 5.0, 20.0]), np.array([0.1, 10.0, 10.0, 10.0])
    once, passed_over, often, always = KNOWN.probable(acted, examined, np.full(4, KNOWN.odds))
    assert once == pytest.approx(0.62, abs=0.02)
    assert passed_over < 0.05
    assert 0.99 < often < always


def test_where_nothing_is_known_all_that_was_acted_upon_is_wanted() -> None:
    assert Liking().probable(np.ones(2), np.ones(2), np.ones(2)).tolist() == [1.0, 1.0]
    assert Liking().chance == 0.0


def test_batches_that_contradict_each_other_tell_nothing() -> None:
    """Ten times as many actions in one as in the other: what is wanted would come out as acted upon less."""
    eager = Liking(Kind(6000, 240_000, 36_000), Kind(300, 3000, 4500))
    tired = Liking(Kind(1500, 45_000, 225), Kind(6000, 1_200_000, 96_000))
    both = eager.and_also(tired, 1.0)
    assert both.unwanted.rate > both.wanted.rate
    assert both.probable(np.array([0.0, 20.0]), np.full(2, 10.0), np.ones(2)).tolist() == [1.0, 1.0]
    assert both.chance == 0.0


def test_what_was_known_before_counts_as_much_as_is_kept() -> None:
    both = KNOWN.and_also(KNOWN, 0.5)
    assert both.wanted == Kind(450, 750, 375, 90)
    assert both.chance == pytest.approx(KNOWN.chance)
