"""What strategies bring, by hand: `own` has the first half of what is wanted of one query, `other` the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from ltrr_opensearch.arena.actions import Prices
from ltrr_opensearch.arena.assess import Assessed
from ltrr_opensearch.arena.recording import Answered, Listed, Recording
from ltrr_opensearch.choose_settings import ChooseSettings

DOCUMENTS = tuple("abcdefgh")
NOTHING = Prices(0, 0)
CHOOSE = ChooseSettings(ladder=(0, 2, 4), safe_depth=2, budget=6)


def answered(text: str, lists: Mapping[str, str]) -> Answered:
    listed = {
        plan: Listed(np.array([DOCUMENTS.index(d) for d in ids], np.int32), np.ones(len(ids), np.float32), ms, len(ids))
        for (plan, ids), ms in zip(lists.items(), (2.0, 8.0), strict=True)
    }
    return Answered(text, listed, np.zeros(0, np.int32), np.zeros((0, 0), np.float32))


def assessed(
    lists: Sequence[Mapping[str, str]], grades: Mapping[str, Mapping[str, float]], prices: Prices = NOTHING
) -> Assessed:
    queries = {f"q{n}": answered(f"q{n}", each) for n, each in enumerate(lists)}
    counts = {query: 1 + 2 * (query == "q0") for query in queries}
    return Assessed(Recording("shop", 4, DOCUMENTS, (), queries), counts, grades, CHOOSE, prices, 0.3, "own")


def test_what_only_one_finds_and_what_both_find() -> None:
    told = assessed([{"own": "ab", "other": "bcd"}, {"own": "", "other": "e"}], {}).to_json()
    assert list(told["strategies"]) == ["own", "other"]
    assert told["strategies"]["own"]["unique"] == pytest.approx(0.5)
    assert told["strategies"]["other"]["unique"] == pytest.approx((3 * 2 / 3 + 1) / 4)
    assert told["overlap"]["other"]["own"] == pytest.approx((3 / 3 + 0) / 4)
    assert told["zero_results"] == {"share": 0.25, "saved": 0.25}
    assert told["latency"]["own"]["median_ms"] == 2.0
    assert told["latency"]["everything"]["median_ms"] == 8.0
    assert "quality" not in told


def test_quality_recall_and_the_room_there_is_to_learn() -> None:
    """Six queries are served by `own`, four by `other`: one plan for all must ask both, or lose some."""
    lists = [{"own": "abcd", "other": "efgh"}] * 10
    grades = {f"q{n}": {"c" if n < 6 else "g": 1.0} for n in range(10)}
    told = assessed(lists, grades, prices=Prices(0.1, 0.05, frozenset({"own"}))).to_json()
    assert told["recall"]["own"] == pytest.approx({"2": 0, "4": 8 / 12})
    assert told["quality"]["own"]["RR"] == pytest.approx(8 / 12 / 3)
    assert told["quality"]["other"]["nDCG@10"] == pytest.approx(4 / 12 / 2)
    found = told["retrieval"]
    assert found["best_fixed_plan"] == {"own": 4}
    assert found["best_per_query"] == pytest.approx(1 - 0.4 - 0.05 * 4 / 12)
    assert found["best_fixed"] == pytest.approx(8 / 12 - 0.4)
    assert found["gap"] == pytest.approx(4 / 12 - 0.05 * 4 / 12)
    assert found["own_query"] == pytest.approx(-0.2)
    assert found["requests"] == pytest.approx({"best_fixed": 0, "best_per_query": 4 / 12, "everything": 1})
    assert found["proving_the_gap"]["one_look"] < found["proving_the_gap"]["any_time"]


def test_the_best_fixed_plan_is_judged_on_queries_it_was_not_chosen_for() -> None:
    """Where each query wants something else, what suits the others suits it no better than chance."""
    rng = np.random.default_rng(0)
    lists = [{"own": "abcd", "other": "efgh"} for _ in range(40)]
    grades = {f"q{n}": {str(rng.choice(list("abef"))): 1.0} for n in range(40)}
    found = assessed(lists, grades, prices=Prices(0.2, 0)).to_json()["retrieval"]
    assert found["best_fixed"] < found["best_per_query"]


def test_traffic_is_that_of_the_power_computation() -> None:
    people = assessed([{"own": "a", "other": "b"}], {}).to_json()["traffic"]["people"]
    assert people["10%"]["one_look"] == 7326
    assert people["10%"]["any_time"] == 14203
