"""Exposure: what was shown and acted upon, its decay, and bytes that survive a round trip."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.exposure import OFTEN, Exposure
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.types import DocKey
from tests.knowledge.test_aggregates import ROUNDS

DAY = timedelta(days=1)


def page(*ids: str, shown: int = 2, gains: dict[str, float] | None = None, later: timedelta = 0 * DAY) -> Round:
    decision = ROUNDS[0].decision
    candidates = tuple(CandidateRecord(DocKey("shop", id), ()) for id in ids)
    return Round(replace(decision, candidates=candidates, shown=shown, at=decision.at + later), gains or {})


def test_counts_what_was_shown_and_not_what_was_only_found() -> None:
    known = Exposure().updated([page("a", "b", "c", gains={"b": 0.5}), page("a", "c")], 30)
    assert known.shown == {"a": 2, "b": 1, "c": 1}
    assert known.gained == {"b": 0.5}
    assert known.often == ()


def test_often_shown_fades_to_rarely_shown() -> None:
    times = int(OFTEN)
    known = Exposure().updated([page("a", "b")] * times + [page("a", "c")], 30)
    assert known.often == ("a", "b")
    assert known.updated([page("z", later=30 * DAY)], 30).often == ()


def test_popular_are_the_fewest_that_took_half_of_the_gains() -> None:
    known = Exposure().updated([page("a", gains={"a": 1.0})] * 3 + [page(i, gains={i: 1.0}) for i in "bc"], 30)
    assert known.popular == {"a"}
    assert Exposure().popular == frozenset()


def test_what_was_long_ago_is_forgotten() -> None:
    known = Exposure().updated([page("a")], 10).updated([page("b", later=100 * DAY)], 10)
    assert set(known.shown) == {"b"}


def test_bytes_are_lossless_and_repeatable() -> None:
    known = Exposure().updated(ROUNDS, 30)
    assert Exposure.from_bytes(known.to_bytes()) == known
    assert Exposure.from_bytes(known.to_bytes()).to_bytes() == known.to_bytes()
    assert Exposure.from_bytes(Exposure().to_bytes()) == Exposure()
    with pytest.raises(ModelError, match="LTRREXP1"):
        Exposure.from_bytes(known.to_bytes()[:-3])
