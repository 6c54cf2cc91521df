"""Team-draft interleaving: two rankings make one page, and clicks say whose part of it people prefer. Pure.

Radlinski, Kurup & Joachims 2008, "How does clickthrough data reflect retrieval quality?", algorithm 2; how little it
needs to see a difference is in Chapelle, Joachims, Radlinski & Yue 2012, "Large-scale validation and analysis of
interleaved search evaluation".
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import TypeVar

from ltrr_opensearch.chance import uniform

T = TypeVar("T", bound=Hashable)

_OF_A_DRAFT = 0x7465616D
"""Keeps the coins of a draft apart from the draws of depths, which use the same seed."""


def team_draft(first: Sequence[T], second: Sequence[T], seed: int) -> list[tuple[T, int | None]]:
    """Both rankings as one, each of their items once, with the team (0 or 1) that picked it.

    The smaller team picks next, a coin says which one where both are alike; it takes the best of its ranking that is
    not there yet. The draft ends where one ranking has nothing new left: what the other still has follows without a
    team, since nobody had a choice there. The same seed gives the same list.
    """
    taken: set[T] = set()
    picks: list[tuple[T, int | None]] = []
    rankings, places, team = (first, second), [0, 0], 0
    while True:
        places = [_next_new(ranking, at, taken) for ranking, at in zip(rankings, places, strict=True)]
        if places[0] == len(first) or places[1] == len(second):
            break
        team = 1 - team if len(picks) % 2 else int(uniform(seed ^ _OF_A_DRAFT, len(picks)) < 0.5)
        item = rankings[team][places[team]]
        taken.add(item)
        picks.append((item, team))
    left = dict.fromkeys(item for ranking, at in zip(rankings, places, strict=True) for item in ranking[at:])
    return picks + [(item, None) for item in left if item not in taken]


def preference(credits: Iterable[tuple[int, float]]) -> int:
    """Which team's items were worth more to the person: 1, or -1 for team 0; 0 where they were worth the same.

    `credits`: (team, gain) of each item that was acted upon.
    """
    balance = sum(gain if team else -gain for team, gain in credits)
    return (balance > 0) - (balance < 0)


def _next_new(ranking: Sequence[T], at: int, taken: Collection[T]) -> int:
    return next((i for i in range(at, len(ranking)) if ranking[i] not in taken), len(ranking))
