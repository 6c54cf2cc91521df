"""Icecat: judged queries, clicks of one rater, values by the other two; five folds over queries.

What somebody wants is a document in proportion to its grade; an action is worth the chance that it is in the union,
less the price of its candidates. Queries of a fold are asked by nobody until the fold is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import fmean

import numpy as np
from rich.console import Console

from ltrr_opensearch.arena.actions import wanted_by_grade
from ltrr_opensearch.arena.clicks import of_grade
from ltrr_opensearch.arena.record import Template
from ltrr_opensearch.arena.simulate import (
    BEST_CONSTANT,
    LEARNED,
    ORACLE,
    Done,
    Plan,
    Simulated,
    Standing,
    regret_fell,
    simulate,
)
from ltrr_opensearch.arena.world import World
from ltrr_opensearch.bench.at_once import at_once
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.recorded import as_suite, prepare, recorded
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.shop_index import configuration, index_body
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.demo.users import application_query
from ltrr_opensearch.evaluate.measures import paired_difference
from ltrr_opensearch.types import Json

INDEX = "icecat-arena"
FOLDS = 5
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
CLOSED, LAST_REGRET, LOSS, SHARE = 0.7, 0.5, -0.01, 0.5
"""What must be shown: gap closed on queries seen, regret left, difference to the constant and its candidates' share."""


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
    searches = QUICK_SEARCHES if quick else SEARCHES
    folds = [partial(_fold, icecat, order, fold, searches) for fold in range(FOLDS)]
    return figures(at_once(console, "Icecat, five folds", FOLDS * searches, folds), searches)


def _fold(icecat: World, order: Sequence[str], fold: int, searches: int, done: Done) -> Simulated:
    held_out = order[fold::FOLDS]
    traffic = [q for q in order if q not in set(held_out)]
    return simulate(icecat, traffic, held_out, Plan(searches, seed=fold), done=done)


def figures(results: Sequence[Simulated], searches: int) -> list[Figure]:
    seen = [_pooled([r.seen for r in results], name) for name in (BEST_CONSTANT, ORACLE, LEARNED)]
    unseen = [_pooled([r.unseen for r in results], name) for name in (BEST_CONSTANT, ORACLE, LEARNED)]
    made_with = f"{searches} searches a fold, {FOLDS} folds; best constants {_constants(results)}"
    ahead = paired_difference(unseen[2].values, unseen[0].values)
    loss = LOSS * unseen[0].mean
    absolute = [
        Figure(f"icecat_{part}_{s.name.replace(' ', '_')}", s.mean, "value", runs=len(s.values), made_with=made_with)
        for part, standings in (("seen", seen), ("unseen", unseen))
        for s in standings
    ]
    closed = [Simulated.closed(r.seen) for r in results]
    return [
        *absolute,
        Figure(
            "icecat_seen_gap_closed",
            (seen[2].mean - seen[0].mean) / (seen[1].mean - seen[0].mean),
            "share",
            ("best constant", 0.0),
            CLOSED,
            interval=(min(closed), max(closed)),
            spread="range over folds",
            runs=FOLDS,
        ),
        Figure(
            "icecat_unseen_ahead_of_constant_lower_bound",
            ahead.low,
            "value",
            ("best constant", 0.0),
            loss,
            interval=(ahead.low, ahead.high),
            runs=ahead.queries,
        ),
        Figure(
            "icecat_unseen_candidates_over_constant",
            unseen[2].candidates / unseen[0].candidates,
            "x",
            ("best constant", 1.0),
            SHARE,
            False,
            runs=FOLDS,
        ),
        Figure(
            "icecat_regret_last_quarter_over_first",
            fmean(fell for r in results if (fell := regret_fell(r.regret)) is not None),
            "x",
            None,
            LAST_REGRET,
            False,
            runs=FOLDS,
        ),
    ]


def _pooled(folds: Sequence[Sequence[Standing]], name: str) -> Standing:
    """One way over all folds; a query that several folds saw counts with its mean."""
    found = [next(s for s in fold if s.name == name) for fold in folds]
    queries = sorted({q for s in found for q in s.values})
    values = {q: fmean(s.values[q] for s in found if q in s.values) for q in queries}
    return Standing(name, values, fmean(s.candidates for s in found), found[0].action)


def _constants(results: Sequence[Simulated]) -> str:
    chosen = {str(next(s.action for s in r.seen if s.name == BEST_CONSTANT)) for r in results}
    return "; ".join(sorted(chosen))


measure = as_suite(played)
