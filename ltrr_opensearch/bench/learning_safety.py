"""Icecat under bad clicks: all aimless, or a fifth of the people hostile; pages beside the untouched query's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from statistics import fmean, median

import numpy as np
from rich.console import Console

from ltrr_opensearch.arena.clicks import Aimless, ClickModel, Hostile, PositionBased
from ltrr_opensearch.arena.safety import Pages, Withstood, withstand
from ltrr_opensearch.arena.simulate import Done, Plan
from ltrr_opensearch.arena.world import World
from ltrr_opensearch.bench import learning_icecat
from ltrr_opensearch.bench.at_once import at_once
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.recorded import as_suite
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.demo.users import PAGE
from ltrr_opensearch.types import Json

RUNS, QUICK_RUNS = 50, 3
"""Of each kind of bad clicks."""
SEARCHES, BATCH = 2000, 1000
HOSTILE = 0.2
LOSS = -0.01
SHIPPED: Json = {}
"""How to choose, as it is where nobody set anything: a policy serves ten thousand searches as an apprentice."""
KINDS: dict[str, ClickModel] = {"hostile": Hostile(PositionBased(), HOSTILE), "aimless": Aimless(PositionBased())}


def all_words(text: str) -> Json:
    """The untouched query: all words, wherever they stand."""
    fields = {"query": text, "type": "cross_fields", "operator": "and", "fields": ["title", "short_description"]}
    return {"query": {"multi_match": fields}, "size": PAGE}


def played(console: Console, quick: bool, stack: Stack) -> list[Figure]:
    world, queries = learning_icecat.world(console, stack, all_words, SHIPPED)
    runs = QUICK_RUNS if quick else RUNS
    jobs = [partial(_run, world, queries, seed, model) for model in KINDS.values() for seed in range(runs)]
    found = iter(at_once(console, "Bad clicks", len(jobs) * SEARCHES, jobs))
    return [figure for name in KINDS for figure in _figures(name, list(islice(found, runs)))]


def _run(world: World, queries: Sequence[str], seed: int, model: ClickModel, done: Done) -> Withstood:
    order = np.random.default_rng(seed).permutation(np.array(queries)).tolist()
    cut = len(order) // learning_icecat.FOLDS
    return withstand(world, order[cut:], order[:cut], Plan(SEARCHES, BATCH, seed=seed, model=model), done)


def _figures(name: str, of: list[Withstood]) -> list[Figure]:
    published = {kind: sum(kind in one.published for one in of) for kind in ("policy", "ranker", "memory")}
    said = "runs that published: " + ", ".join(f"{kind} {count}" for kind, count in published.items())
    groups = {"all": "every", "searched": "seen", "never_asked": "unseen"}
    return [
        figure
        for group, field in groups.items()
        for figure in _beside(f"safety_{name}_{group}", [getattr(one, field) for one in of], said)
    ]


def _beside(name: str, of: Sequence[Pages], said: str) -> Iterator[Figure]:
    """The worst run beside the untouched query and beside what is served before anything is learned."""
    ours = fmean(one.ours for one in of)
    untouched = "untouched query", fmean(one.untouched for one in of)
    cold = "before anything is learned", fmean(one.cold for one in of)
    rows = (
        ("untouched", [one.ahead for one in of], untouched, LOSS),
        ("cold", [one.gained for one in of], cold, None),
    )
    for over, ahead, beside, target in rows:
        told = f"{SEARCHES} searches a run; median {median(ahead):.4f}; {sum(one < LOSS for one in ahead)} runs "
        told += f"below {LOSS:g}; ours {ours:.4f}; {said}"
        figure = Figure(f"{name}_worst_over_{over}", min(ahead), "relative nDCG@10", beside, target, made_with=told)
        yield figure.ranging(ahead, "runs")


measure = as_suite(played)
