"""Reports of policies on rounds as they are logged."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.evaluate.off_policy import BEST_CONSTANT, LOGGED, UNTOUCHED, How, compare
from ltrr_opensearch.evaluate.table import Table
from ltrr_opensearch.logged import Round
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Slot
from tests.worlds import reward, searches, serve, value

SETTINGS = Settings()
OWN = {"original": "identifier", "structured": "values", "q2e": "words", "knn": "sentence"}


@dataclass
class Knowing:
    """A good, random, contextual target: deep where the strategy is at home, mostly nothing elsewhere."""

    name: str = "knowing"

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        home = f"kind={OWN[slot.strategy]}" in slot.context
        return (0.0, 0.3, 0.6, 0.1) if home and slot.feasible[3] else (0.8, 0.2, 0.0, 0.0)


TRUTH = value(Knowing(), searches(8000, 77), SETTINGS)


def log(policy: Policy, count: int, seed: int, explore: bool = True) -> list[Round]:
    return [serve(s, policy, SETTINGS, explore, seed) for s in searches(count, 1000 + seed)]


def test_logged_rewards_are_the_rewards() -> None:
    rounds = log(Uniform(), 200, 1)
    table = Table.of(rounds, SETTINGS)
    assert table.rewards(table.drawn) == pytest.approx(np.array([reward(r, SETTINGS) for r in rounds]))


def test_what_the_log_does_not_support_gets_no_number() -> None:
    report = compare({"deep": Fixed(0, {"original": 200, "knn": 200})}, log(Fixed(50), 200, 1), SETTINGS)
    row = report.row("deep")
    assert row.value is None
    assert row.interval is None
    assert row.support.effective < 1
    assert "fewer than learn.min_effective 50" in row.refused
    assert report.difference("deep", LOGGED) is None


def test_a_report_sets_policies_beside_the_simple_ones() -> None:
    report = compare({"knowing": Knowing(), "safe": Fixed(50)}, log(Uniform(), 2000, 2), SETTINGS)
    assert [r.name for r in report.rows] == [LOGGED, "knowing", "safe", BEST_CONSTANT, UNTOUCHED]
    assert report.row("knowing").value == pytest.approx(TRUTH, abs=0.02)
    assert report.row(UNTOUCHED).value == pytest.approx(0.63, abs=0.05)
    difference = report.difference("knowing", UNTOUCHED)
    assert difference is not None
    assert difference[1].low > 0.2
    assert set(report.to_json()["policies"]) == {r.name for r in report.rows}


def test_the_own_query_has_no_row_where_searches_did_not_have_it_on_offer() -> None:
    rounds = log(Uniform(), 600, 9)
    report = compare({"safe": Fixed(10)}, [_without_own(one) for one in rounds], SETTINGS)
    assert [r.name for r in report.rows] == [LOGGED, "safe", BEST_CONSTANT]
    assert "not among the strategies of 600 of the 600 searches" in report.no_own_query
    told = report.to_json()
    assert list(told["policies"]["safe"]["differences"]) == [BEST_CONSTANT]
    assert told["no_own_query"] == report.no_own_query
    half = compare({}, [*rounds[:300], *map(_without_own, rounds[300:])], SETTINGS)
    assert "300 of the 600" in half.no_own_query
    first = compare({}, [_without_own(rounds[0]), *rounds[1:]], SETTINGS)
    assert first.row(UNTOUCHED).candidates == 50, "one search of many without it is no obstacle"


def test_rounds_without_exploration_are_left_out() -> None:
    rounds = log(Uniform(), 100, 5) + log(Uniform(), 50, 6, explore=False)
    other = replace(rounds[0], decision=replace(rounds[0].decision, ladder=(0, 5)))
    report = compare({}, [*rounds, other], SETTINGS)
    assert (report.rounds, report.left_out) == (100, 51)
    assert compare({}, rounds[100:], SETTINGS).rows == ()


def test_people_who_search_often_make_intervals_wider() -> None:
    rounds = log(Uniform(), 400, 4)
    same = [_by(one, f"user {place // 8}") for place, one in enumerate(rounds)]
    alone, together = compare({}, rounds, SETTINGS), compare({}, same, SETTINGS)
    assert (alone.people, together.people) == (400, 50)
    assert alone.row(LOGGED).value == together.row(LOGGED).value
    assert alone.row(LOGGED).interval != together.row(LOGGED).interval


def test_a_log_in_which_hardly_anybody_acted_gets_no_number() -> None:
    silent = [replace(one, gains={}) for one in log(Uniform(), 300, 7)]
    report = compare({"safe": Fixed(10)}, silent, SETTINGS)
    assert {row.value for row in report.rows} == {None}
    assert "0 searches were acted upon, fewer than 10" in report.row(LOGGED).refused


def test_without_exploration_in_the_log_other_depths_have_no_support() -> None:
    bare = SETTINGS.model_copy(update={"choose": SETTINGS.choose.model_copy(update={"floor": 0.0})})
    rounds = [serve(s, Fixed(10), bare) for s in searches(300, 5)]
    report = compare({"deeper": Fixed(50), "same": Fixed(10)}, rounds, SETTINGS)
    assert report.row("deeper").support.share == 0
    assert "it draws what this log never could" in report.row("deeper").refused
    assert report.row("same").value == pytest.approx(report.row(LOGGED).value)


@pytest.mark.parametrize(
    "how", [How("snips"), How("dr", "product"), How(interval="bootstrap"), How(interval="bernstein")]
)
def test_every_estimator_and_interval_can_be_asked_for(how: How) -> None:
    report = compare({"even": Fixed(0, {"original": 10})}, log(Uniform(), 600, 8), SETTINGS, how)
    row = report.row("even")
    if how.weights == "product":
        assert row.value is None, "each slot's 1/4 leaves two searches of these"
        return
    assert row.value is not None
    assert row.interval is not None
    assert row.interval.low <= row.value <= row.interval.high


def _by(one: Round, user: str) -> Round:
    return replace(one, decision=replace(one.decision, asker=replace(one.decision.asker, user=user)))


def _without_own(one: Round) -> Round:
    """As a shop logs it that has `lexical` in the place of its own query."""
    slots = [s._replace(original=False) for s in one.decision.slots]
    return replace(one, decision=replace(one.decision, slots=tuple(slots)))
