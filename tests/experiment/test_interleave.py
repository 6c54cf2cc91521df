"""Team drafts by hand, by properties, and with people whose preference is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.evaluate.live import Observed, report
from ltrr_opensearch.experiment.interleave import preference, team_draft

RANKINGS = st.lists(st.integers(0, 12), unique=True, max_size=10)


@given(RANKINGS, RANKINGS, st.integers(0, 2**64 - 1))
def test_a_draft_is_fair_and_loses_nothing(first: list[int], second: list[int], seed: int) -> None:
    picks = team_draft(first, second, seed)
    assert picks == team_draft(first, second, seed)
    items = [item for item, _ in picks]
    assert sorted(items) == sorted({*first, *second})
    teams = [team for _, team in picks if team is not None]
    assert [t is None for _, t in picks] == sorted(t is None for _, t in picks)  # who has no team comes last
    assert abs(teams[: len(teams) // 2 * 2].count(0) * 2 - len(teams) // 2 * 2) == 0
    for place, (item, team) in enumerate(picks):
        if team is not None:  # the best that its team had left
            before = set(items[:place])
            assert item == next(i for i in (first, second)[team] if i not in before)


def test_each_round_the_coin_says_who_is_first() -> None:
    starts = Counter(team_draft(["a", "b"], ["c", "d"], seed)[0][1] for seed in range(2000))
    assert abs(starts[0] - 1000) < 100
    orders = {tuple(item for item, _ in team_draft(["a", "b"], ["c", "d"], seed)) for seed in range(200)}
    assert orders == {("a", "c", "b", "d"), ("a", "c", "d", "b"), ("c", "a", "b", "d"), ("c", "a", "d", "b")}


def test_the_draft_ends_where_nobody_has_a_choice() -> None:
    picks = team_draft(["a"], ["a", "b", "c"], seed=1)
    assert picks[0][0] == "a"
    assert [item for item, _ in picks] == ["a", "b", "c"]
    assert [team for _, team in picks[1:]] == [None, None]
    assert team_draft([], ["b"], 1) == [("b", None)]
    assert team_draft([], [], 1) == []


@pytest.mark.parametrize(
    ("credits", "won"),
    [([], 0), ([(1, 0.5)], 1), ([(0, 0.5)], -1), ([(0, 0.5), (1, 0.5)], 0), ([(0, 1.0), (1, 0.5), (1, 0.3)], -1)],
)
def test_the_team_that_was_worth_more_wins(credits: list[tuple[int, float]], won: int) -> None:
    assert preference(credits) == won


def searches(seed: int, people: int, better: bool) -> list[Observed]:
    """People look at ten hits from the top and click what is relevant to them; the second ranking has it higher up."""
    rng, found = np.random.default_rng(seed), []
    for n in range(people):
        items = list(rng.permutation(30))
        relevant = set(items[:6])
        noise = rng.normal(0, 8, 30)
        first = sorted(items, key=lambda i: noise[i] + 3 * (i not in relevant))
        other = rng.normal(0, 8, 30)
        second = sorted(items, key=lambda i: other[i] + (8 if better else 3) * (i not in relevant))
        clicks = []
        for place, (item, team) in enumerate(team_draft(first, second, seed * 100_000 + n)[:10]):
            if item in relevant and team is not None and rng.random() < 0.8 / (1 + place):
                clicks.append((("usual", "new")[team], 0.5))
        found.append(
            Observed(f"p{n}", f"q{n}", None, float(bool(clicks)), 0.5 * bool(clicks), 0.0, 1.0, None, tuple(clicks))
        )
    return found


def test_people_prefer_the_better_ranking_and_no_one_of_two_alike() -> None:
    same, better = (report(searches(1, 1000, b), ("usual", "new"), 1000).preferred for b in (False, True))
    assert same is not None
    assert better is not None
    assert not same.look.clear
    assert better.look.low > 0
    assert better.wins > better.losses
    assert better.wins + better.losses + better.ties == 1000


def test_two_alike_are_seldom_told_apart_however_often_one_looks() -> None:
    alarms = 0
    for seed in range(40):
        found = searches(seed, 200, better=False)
        looks = (report(found[:n], ("usual", "new"), 1000).preferred for n in range(100, 201, 25))
        alarms += any(one is not None and one.look.clear for one in looks)
    assert alarms / 40 <= 0.05
