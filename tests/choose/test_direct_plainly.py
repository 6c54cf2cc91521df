"""The direct policy draws what one does that values every action anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from ltrr_opensearch.bench.made_outcomes import MadeOutcomes
from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.direct import DirectPolicy, Prices
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.knowledge.outcomes import Outcomes
from ltrr_opensearch.types import Features, Slot
from tests.choose.plain import Plain

KNOWN = ("lexical", "knn", "structured", "q2e")
ON_OFFER = ("structured", "knn", "fresh", "q2e", "structured", "lexical")
"""Not in their order, one twice, and one of which nothing is known."""
PRICES = Prices(0.0005, 0.003, frozenset({"lexical"}))


def slots_of(choose: ChooseSettings, context: Features, query: str, depths: Sequence[int]) -> Iterator[Slot]:
    """Those of a search that draws `depths` as far as the budget goes."""
    ladder, left = choose.ladder, choose.budget
    drawn: tuple[tuple[str, int], ...] = ()
    for place, (strategy, depth) in enumerate(zip(ON_OFFER, depths, strict=True)):
        feasible = tuple(d <= left for d in ladder)
        yield Slot(strategy, strategy, "", place, context, {}, drawn, ladder, feasible, ON_OFFER, query)
        taken = depth if depth <= left else 0
        left, drawn = left - taken, (*drawn, (strategy, taken))


def assert_drawn_alike(
    outcomes: Outcomes, choose: ChooseSettings, context: Features, query: str, depths: Sequence[int]
) -> None:
    policy = DirectPolicy(outcomes, choose, PRICES, choose.gamma)
    plain = Plain(outcomes, PRICES, choose.ladder, choose.budget, choose.gamma)
    for slot in slots_of(choose, context, query, depths):
        assert policy.values(slot) == pytest.approx(plain.values(slot), rel=1e-9)
        assert policy.pmf(slot) == pytest.approx(plain.pmf(slot), rel=1e-9, abs=1e-12)


def silenced(outcomes: Outcomes, query: str) -> Outcomes:
    """Nothing was acted upon for the query more than by chance."""
    one = outcomes.queries[query]
    by_chance = {id: replace(acted, gain=0.01, examined=100.0) for id, acted in one.entities.items()}
    return replace(outcomes, queries={**outcomes.queries, query: replace(one, entities=by_chance)})


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("budget", [400, 120, 10])
@pytest.mark.parametrize("queries", [90, 25])
def test_remembered_and_new_queries(seed: int, budget: int, queries: int) -> None:
    choose = ChooseSettings(budget=budget)
    made = MadeOutcomes(KNOWN, choose.ladder, seed)
    outcomes = made.of([f"q{n}" for n in range(queries)], 4)
    rng = np.random.default_rng(seed)
    remembered = f"q{rng.integers(queries)}"
    for query, asked in ((remembered, 0.3), (remembered, 0.0), ("new", 0.3)):
        context = {**made.features(), **({ASKED: asked} if asked else {})}
        assert_drawn_alike(outcomes, choose, context, query, rng.choice(choose.ladder, len(ON_OFFER)).tolist())
        assert_drawn_alike(outcomes, choose, context, query, [0] * len(ON_OFFER))


@pytest.mark.parametrize("seed", range(3))
def test_a_query_that_says_nothing_and_one_that_alone_says_something(seed: int) -> None:
    choose = ChooseSettings(ladder=(0, 20, 100), safe_depth=20)
    made = MadeOutcomes(KNOWN, choose.ladder, seed)
    names = [f"q{n}" for n in range(30)]
    outcomes = made.of(names, 5)
    silent = alone = silenced(outcomes, "q3")
    for name in names[:3] + names[4:]:
        alone = silenced(alone, name)
    for known in (silent, replace(alone, queries={**alone.queries, "q3": outcomes.queries["q3"]})):
        assert_drawn_alike(known, choose, {**made.features(), ASKED: 0.3}, "q3", [20, 0, 100, 0, 20, 0])
        assert_drawn_alike(known, choose, made.features(), "new", [0, 20, 0, 0, 0, 100])


def test_a_feature_that_tells_nothing_apart_hides_no_other() -> None:
    """All that is remembered was of one length: how long this query is says nothing of what it is like."""
    made = MadeOutcomes(KNOWN, (0, 10, 50, 200))
    outcomes = made.of([f"q{n}" for n in range(90)], 3)
    same = {q: replace(one, features=(0.3, *one.features[1:])) for q, one in outcomes.queries.items()}
    policy = DirectPolicy(replace(outcomes, queries=same), ChooseSettings(), PRICES, 1000.0)
    context = made.features()
    like, unlike = (
        policy.values(next(slots_of(ChooseSettings(), {**context, "tokens": tokens}, "new", [0] * len(ON_OFFER))))
        for tokens in (0.3, 0.8)
    )
    assert like == pytest.approx(unlike)
