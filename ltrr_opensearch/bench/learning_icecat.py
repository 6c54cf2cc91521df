"""Icecat: judged queries, clicks of one rater, values by the other two; five folds over queries.

What somebody wants is a document in proportion to its grade; an action is worth the chance that it is in the union,
less the price of its candidates. Queries of a fold are asked by nobody until the fold is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from rich.console import Console

from ltrr_opensearch.arena.actions import wanted_by_grade
from ltrr_opensearch.arena.clicks import of_grade
from ltrr_opensearch.arena.record import Template
from ltrr_opensearch.arena.simulate import Done, Plan, Simulated, simulate
from ltrr_opensearch.arena.world import World
from ltrr_opensearch.bench.at_once import at_once
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.icecat_judged import figures
from ltrr_opensearch.bench.recorded import as_suite, prepare, recorded
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.shop_index import configuration, index_body
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.demo.users import application_query
from ltrr_opensearch.types import Json

INDEX = "icecat-arena"
FOLDS = 5
RUNS, QUICK_RUNS = 3, 1
"""Of each fold; they differ by a hundredth."""
SEARCHES, QUICK_SEARCHES = 20_000, 4_000
PAGE = 50
"""Hits that people leaf through; what they never see they cannot want aloud."""
CHOOSE: Json = {
    "policy": "direct",
    "ladder": [0, 10, 50, 200],
    "safe_depth": 50,
    "floor": 0.05,
    "apprentice_rounds": 1000,
}
LEARN: Json = {"gains": {"click": 1.0}, "price_per_candidate": 0.0005}


def leafing(text: str) -> Json:
    return {**application_query(text), "size": PAGE}


def world(
    console: Console, stack: Stack, template: Template = leafing, choose: Json = CHOOSE
) -> tuple[World, tuple[str, ...]]:
    """The recorded catalogue, and the queries for which the judges found something. `template`: the shop's search."""
    catalogue = data.load(data.find(stack.home))
    content = configuration(INDEX, "", stack.ports, stack.home) | {"choose": choose, "learn": LEARN}
    prepare(console, stack, INDEX, index_body(catalogue.products), catalogue.products, content)
    also = {query: set(catalogue.judges[query]) for query in catalogue.queries}
    made = recorded(console, stack, INDEX, catalogue.queries, template, also)
    attraction = {q: {d: of_grade(g) for d, g in catalogue.users[q].items()} for q in catalogue.queries}
    wanted = {q: wanted_by_grade(catalogue.judges[q]) for q in catalogue.queries}
    icecat = World(made.recording, made.settings, template, attraction, wanted, made.gazetteer, made.terms)
    return icecat, catalogue.queries


def played(console: Console, quick: bool, stack: Stack) -> list[Figure]:
    icecat, queries = world(console, stack)
    order = np.random.default_rng(0).permutation(np.array(queries)).tolist()
    searches, runs = (QUICK_SEARCHES, QUICK_RUNS) if quick else (SEARCHES, RUNS)
    jobs = [partial(_fold, icecat, order, seed, searches) for seed in range(runs * FOLDS)]
    results = at_once(console, f"Icecat, {FOLDS} folds, {runs} runs of each", len(jobs) * searches, jobs)
    return figures(results, f"{searches} searches a run, {FOLDS} folds, {runs} runs of each")


def _fold(icecat: World, order: Sequence[str], seed: int, searches: int, done: Done) -> Simulated:
    held_out = order[seed % FOLDS :: FOLDS]
    traffic = [q for q in order if q not in set(held_out)]
    return simulate(icecat, traffic, held_out, Plan(searches, seed=seed), done=done)


measure = as_suite(played)
