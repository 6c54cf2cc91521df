"""Aggregates: counting, decay, and bytes that survive a round trip."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.logged import Round
from ltrr_opensearch.settings import Settings
from tests.worlds import searches, serve

ROUNDS = [serve(s, Fixed(50), Settings()) for s in searches(100, 1)]
DAY = timedelta(days=1)


def shifted(one: Round, by: timedelta) -> Round:
    return replace(one, decision=replace(one.decision, at=one.decision.at + by))


def test_counts_of_one_search() -> None:
    one = next(r for r in ROUNDS if r.gains and r.decision.candidates[0].found[0].plan == "original")
    rank = one.decision.candidates[0].found[0].rank
    known = Aggregates().updated([one], 30)
    cell = known.strategy("original")
    assert cell is not None
    assert (cell.asked, cell.rewarded, cell.found, cell.mean_reciprocal_rank) == (1, 1, 1, 1 / rank)
    assert known.query_strategy("original", one.decision.normalized) == cell
    kind = next(name for name in one.decision.context if name.startswith("kind=")).removeprefix("kind=")
    assert known.kind("original", kind) == cell
    query = known.query(one.decision.normalized)
    assert query is not None
    assert query.found_share == 1
    assert known.strategy("unheard of") is None


def test_old_searches_fade_by_half_each_half_life() -> None:
    old = Aggregates().updated(ROUNDS[:1], 30)
    later = old.updated([shifted(ROUNDS[0], 30 * DAY)], 30).query(ROUNDS[0].decision.normalized)
    assert later is not None
    assert later.asked == pytest.approx(1.5)


def test_in_one_go_or_in_two_is_the_same() -> None:
    whole = Aggregates().updated(ROUNDS, 30)
    halves = Aggregates().updated(ROUNDS[:50], 30).updated(ROUNDS[50:], 30)
    assert halves.as_of == whole.as_of
    assert halves.cells.keys() == whole.cells.keys()
    for key, cell in whole.cells.items():
        assert halves.cells[key] == pytest.approx(cell)


def test_queries_long_forgotten_are_dropped() -> None:
    known = Aggregates().updated(ROUNDS[:1], 10).updated([shifted(ROUNDS[1], 100 * DAY)], 10)
    assert known.query(ROUNDS[0].decision.normalized) is None
    assert known.strategy("original") is not None


def test_bytes_are_lossless_and_repeatable() -> None:
    known = Aggregates().updated(ROUNDS, 30)
    assert Aggregates.from_bytes(known.to_bytes()) == known
    assert known.to_bytes() == Aggregates.from_bytes(known.to_bytes()).to_bytes()
    assert Aggregates.from_bytes(Aggregates().to_bytes()) == Aggregates()


@pytest.mark.parametrize("cut", [0, 10, -4])
def test_damaged_bytes_are_refused(cut: int) -> None:
    with pytest.raises(ModelError, match="aggregates are damaged"):
        Aggregates.from_bytes(Aggregates().updated(ROUNDS, 30).to_bytes()[:cut])
