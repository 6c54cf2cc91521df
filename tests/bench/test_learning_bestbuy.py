"""The replay of real clicks, on a recorded shop small enough to check by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.replay import Limits, Replay
from ltrr_opensearch.bench.bestbuy import Clicked
from ltrr_opensearch.bench.bestbuy_judged import Replays, best_in_hindsight
from ltrr_opensearch.bench.clicked_replay import ClickAnswered, ClickedReplay, Mode
from ltrr_opensearch.bench.one_day import OneDay
from ltrr_opensearch.bench.recorded import Recorded
from ltrr_opensearch.index_settings import StrategySettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.terms import Terms
from ltrr_opensearch.types import Asker
from tests.arena.shop import QUERIES, SETTINGS, recording, template

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
STRATEGIES = (
    *(StrategySettings(name=n, use=n) for n in ("original", "lexical", "q2e")),
    StrategySettings(name="popular", use="popular", options={"matching": False}),
)
SHOP = SETTINGS.model_copy(
    update={"indexes": {"shop": SETTINGS.indexes["shop"].model_copy(update={"strategies": STRATEGIES})}}
)


def learner() -> Learner:
    return Learner(SHOP, "shop", Gazetteer.from_values(()), {})


def clicks(days: int = 3) -> list[Clicked]:
    """Each day the same: of every query the hit that only the lexical strategy has, two people a query."""
    return [
        Clicked(START + timedelta(days=day, minutes=n), f"u{day}-{n}", f"s{day}-{n}", query, "d35")
        for day in range(days)
        for n, query in enumerate((*QUERIES, *QUERIES))
    ]


@pytest.fixture(scope="module", params=list(Mode))
def answered(request: pytest.FixtureRequest) -> list[ClickAnswered]:
    return ClickedReplay(recording(), template, str, request.param).run(clicks(), learner())


def test_what_was_clicked_on_the_days_before_is_found_first(answered: list[ClickAnswered]) -> None:
    day = len(answered) // 3
    assert np.mean([1 / (one.rank or np.inf) for one in answered[-day:]]) > 0.9
    assert not any("q2e" in one.places or "popular" in one.places for one in answered[:day])
    assert all(one.places == {"lexical": 6, "q2e": 1, "popular": 1} for one in answered[-day:])


def test_a_query_is_new_once(answered: list[ClickAnswered]) -> None:
    assert sum(one.new for one in answered) == len(QUERIES)


def test_a_day_remembered_is_a_day_replayed() -> None:
    taught = learner()
    ClickedReplay(recording(), template, str, Mode.HISTORY).run(clicks(2), taught)
    day = OneDay(recording(), taught.serving(), template)
    bare = Replay(recording(), taught.serving(), template)
    for n, query in enumerate((*QUERIES, *QUERIES)):
        asked = (query, f"q{n}", START, Asker(f"u{n}"))
        assert day.search(*asked).decision == bare.search(*asked).decision


def test_the_best_constant_action_pays_for_candidates_and_requests() -> None:
    one = ClickAnswered(clicks(1)[0], 1, found=True, candidates=5, requests=1, new=False, places={"lexical": 6})
    other = replace(one, places={"original": 3, "lexical": 18})
    made = Recorded(SHOP, recording(), Gazetteer.from_values(()), Terms())
    learn = SHOP.learn
    lexical_20 = 1 - 20 * learn.price_per_candidate - learn.price_per_plan
    np.testing.assert_allclose(best_in_hindsight([one, other], made), [lexical_20] * 2)
    original_5 = 1 - 5 * learn.price_per_candidate
    np.testing.assert_allclose(best_in_hindsight([other, other], made), [original_5] * 2)


def test_a_click_counts_with_its_mean_over_the_replays() -> None:
    made = Recorded(SHOP, recording(), Gazetteer.from_values(()), Terms())
    every = clicks(10)
    replays = [
        ClickedReplay(recording(), template, str, Mode.BANDIT, limits=Limits(secret=f"run {run}")).run(every, learner())
        for run in range(2)
    ]
    peers = {"nobody": [None] * len(every)}
    figures = {f.name: f for f in Replays(made, every, replays, peers).figures(Mode.BANDIT)}
    judged = slice(len(every) * 7 // 10, None)
    means = [np.mean([1 / (one.rank or np.inf) for one in replay[judged]]) for replay in replays]
    assert figures["bestbuy_bandit_all_mrr"].value == pytest.approx(np.mean(means))
    assert figures["bestbuy_bandit_all_mrr"].made_with == "of each replay " + ", ".join(f"{m:.4f}" for m in means)
    lead = figures["bestbuy_bandit_all_lead_over nobody"]
    assert lead.interval
    assert lead.value == lead.interval[0] > 0
    drawn = np.mean([one.candidates for replay in replays for one in replay[judged]])
    assert figures["bestbuy_bandit_candidates"].value == pytest.approx(drawn)
    assert figures["bestbuy_bandit_retrieval_reward_over_best_constant"].runs == len(every) // 2
