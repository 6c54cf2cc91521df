"""Replays of Best Buy's clicks as figures: ranks beside the peers', and retrieval beside the best constant action.

A click's value is its mean over the replays of a mode; intervals are over people and replays. Days of the first week
teach and are not judged; the weeks on which nothing was chosen are judged apart as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.arena.actions import Actions, Prices
from ltrr_opensearch.bench.bestbuy import Clicked
from ltrr_opensearch.bench.clicked_replay import ClickAnswered, Mode
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.recorded import Recorded
from ltrr_opensearch.bench.resampled import Floats, interval, mean, reciprocal

FIRST_DAYS = 7
CHOSEN_DAYS = 21
"""Settings were chosen on clicks of no later day."""
AIM, NEW_AIM = 0.80, 0.65
Ranks = Sequence[int | None]
Answered = Sequence[ClickAnswered]


@dataclass(frozen=True)
class Judged:
    """What is judged, a row a click: reciprocal ranks, ours [replay, click] and the peers', and whose each click is."""

    ours: Floats
    peers: Mapping[str, Floats]
    users: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_]) -> Judged:
        return Judged(self.ours[:, rows], {p: v[rows] for p, v in self.peers.items()}, self.users[rows])

    def figures(self, name: str, part: str) -> list[Figure]:
        aim = {"all": AIM, "late": AIM, "new": NEW_AIM, "late_new": NEW_AIM}.get(part)
        return [
            Figure(
                f"{name}_mrr",
                mean(self.ours),
                "MRR",
                interval=interval(self.ours, self.users),
                aim=aim,
                runs=self.ours.shape[1],
                made_with=_by_replay(self.ours),
            ),
            self._success(f"{name}_success_at_1", 1.0),
            self._success(f"{name}_success_at_10", 0.1),
            *(self._lead(f"{name}_lead_over", peer, must=part in {"all", "late"}) for peer in self.peers),
        ]

    def _success(self, name: str, least: float) -> Figure:
        values = (self.ours >= least).astype(np.float64)
        return Figure(name, mean(values), "share", interval=interval(values, self.users), runs=values.shape[1])

    def _lead(self, name: str, peer: str, *, must: bool) -> Figure:
        """How far ahead of a peer; the lower end of the interval where it must be above 0."""
        theirs = self.peers[peer]
        ahead = self.ours - theirs
        low, high = interval(ahead, self.users)
        value, target = (low, 0.0) if must else (mean(ahead), None)
        return Figure(
            f"{name} {peer}",
            value,
            "MRR",
            (peer, mean(theirs)),
            target,
            interval=(low, high),
            runs=len(theirs),
            made_with=_by_replay(ahead),
        )


@dataclass(frozen=True)
class Replays:
    """All of one mode. `peers`: ranks of the products clicked."""

    made: Recorded
    clicks: Sequence[Clicked]
    answered: Sequence[Answered]
    peers: Mapping[str, Ranks]

    def figures(self, mode: Mode) -> list[Figure]:
        name = f"bestbuy_{mode}"
        users = np.unique([one.user for one in self.clicks], return_inverse=True)[1]
        ours = np.array([reciprocal([one.rank for one in some]) for some in self.answered])
        every = Judged(ours, {peer: reciprocal(ranks) for peer, ranks in self.peers.items()}, users)
        found = [f for part, rows in self._parts().items() for f in every.of(rows).figures(f"{name}_{part}", part)]
        return [*found, *self._unions(name), self._retrieval(name)]

    def _parts(self) -> dict[str, NDArray[np.bool_]]:
        judged, late = self._since(FIRST_DAYS), self._since(CHOSEN_DAYS)
        new = np.array([one.new for one in self.answered[0]])
        parts = {"all": judged, "repeated": judged & ~new, "new": judged & new}
        parts |= {"late": late, "late_repeated": late & ~new, "late_new": late & new}
        return {part: rows for part, rows in parts.items() if rows.any()}

    def _since(self, days: int) -> NDArray[np.bool_]:
        start = self.clicks[0].at + timedelta(days=days)
        return np.array([one.at >= start for one in self.clicks])

    def _unions(self, name: str) -> list[Figure]:
        judged = self._since(FIRST_DAYS)
        asked = [one for some in self.answered for one, counts in zip(some, judged, strict=True) if counts]
        drawn = fmean(one.candidates for one in asked)
        strategies = self.made.settings.indexes[self.made.recording.index].strategies
        everything = self.made.recording.depth * len(strategies)
        return [
            Figure(f"{name}_found", fmean(one.found for one in asked), "share", runs=len(asked)),
            Figure(f"{name}_candidates", drawn, "candidates", ("asking everything", everything), runs=len(asked)),
            Figure(f"{name}_candidates_share", drawn / everything, "x", None, 0.5, False, runs=len(asked)),
        ]

    def _retrieval(self, name: str) -> Figure:
        """Reward of the draws over the last half, less that of the best constant action in hindsight."""
        half = len(self.clicks) // 2
        ours = np.array([rewards(some[half:], self.made) for some in self.answered])
        constant = np.array([best_in_hindsight(some[half:], self.made) for some in self.answered])
        users = np.unique([one.user for one in self.clicks[half:]], return_inverse=True)[1]
        low, high = interval(ours - constant, users)
        return Figure(
            f"{name}_retrieval_reward_over_best_constant",
            low,
            "reward",
            ("best constant in hindsight", mean(constant)),
            0.0,
            interval=(low, high),
            runs=constant.shape[1],
            made_with=f"ours, {_by_replay(ours)}",
        )


def _by_replay(values: Floats) -> str:
    return "of each replay " + ", ".join(f"{mean(one):.4f}" for one in values)


def rewards(answered: Iterable[ClickAnswered], made: Recorded) -> Floats:
    """Of retrieval: whether the product is in the union, less what was asked."""
    learn = made.settings.learn
    price, request = learn.price_per_candidate, learn.price_per_plan
    return np.array([one.found - price * one.candidates - request * one.requests for one in answered])


def best_in_hindsight(last: Answered, made: Recorded) -> Floats:
    """The reward of each search under the best constant action, of the memory and of what is popular as they were."""
    choose, learn = made.settings.choose, made.settings.learn
    plans = tuple(sorted({plan for one in last for plan in one.places}))
    prices = Prices.of(learn, {"original"})
    actions = Actions.all(plans, choose.ladder, choose.budget, prices)
    rungs = np.array(choose.ladder)
    reached = [[np.searchsorted(rungs, one.places.get(plan, rungs[-1] + 1)) for plan in plans] for one in last]
    kinds, kind, counts = np.unique(np.array(reached), axis=0, return_inverse=True, return_counts=True)
    enough = np.append(rungs, np.inf)[kinds]
    values = np.array([actions.values({"": 1.0}, row[None, :]) for row in enough])
    best = int((counts @ values).argmax())
    return np.asarray(values[kind.ravel(), best])
