"""Aggregates: counting, decay, and bytes that survive a round trip."""

import zlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Asker, DocKey, Found, Outcome
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
    assert (cell.asked, cell.rewarded, cell.found) == (1, 1, 1)
    assert cell.mean_reciprocal_rank == pytest.approx(1 / rank)
    assert known.query_strategy("original", one.decision.normalized) == cell
    kind = next(name for name in one.decision.context if name.startswith("kind=")).removeprefix("kind=")
    assert known.kind("original", kind) == cell
    query = known.query(one.decision.normalized)
    assert query is not None
    assert query.found_share == 1
    assert query.kinds[kind] == 1
    assert known.strategy("unheard of") is None


def search(found: dict[str, tuple[Found, ...]], **changes: Any) -> Round:
    """A search of all strategies, 50 deep, that found and showed these."""
    decision = ROUNDS[0].decision
    slots = tuple(s._replace(depth=50, outcome=Outcome.OK) for s in decision.slots)
    candidates = tuple(CandidateRecord(DocKey("shop", id), by) for id, by in found.items())
    gains = changes.pop("gains", {})
    failed = changes.pop("failed", False)
    return Round(replace(decision, candidates=candidates, slots=slots, **changes), gains, failed=failed)


FOUND = {
    "1": (Found("original", 1, 7.0), Found("q2e", 2, 0.4)),
    "2": (Found("original", 2, 5.0),),
    "3": (Found("q2e", 1, 0.9), Found("knn", 11, 0.5)),
}


def test_scores_and_agreement_come_from_the_first_candidates() -> None:
    known = Aggregates().updated([search(FOUND)], 30)
    own, memory, knn = (known.strategy(name) for name in ("original", "q2e", "knn"))
    assert own is not None
    assert memory is not None
    assert knn is not None
    assert (own.mean_top_score, own.last_score, own.agreement) == (7, 7, 0.5)
    assert memory.mean_top_score == pytest.approx(0.9)
    assert (knn.answered, knn.asked) == (0, 1), "what it had only at rank 11 is not among its first"


def test_kinds_of_entities() -> None:
    exposure = Exposure({"1": 9.0, "3": 1.0}, {"1": 3.0})
    known = Aggregates().updated([search(FOUND)], 30, exposure)
    own = known.strategy("original")
    assert own is not None
    assert (own.rare_share, own.popular_share) == (0.5, 0.5)


def test_what_somebody_acted_on_before_is_personal() -> None:
    asker = Asker(user="u1")
    rounds = [
        search(FOUND, asker=asker, gains={"1": 1.0}),
        search(FOUND, asker=asker, at=ROUNDS[0].decision.at + DAY),
        search(FOUND, asker=Asker(user="u2"), at=ROUNDS[0].decision.at + 2 * DAY),
    ]
    known = Aggregates().updated(rounds, 30)
    own, person = known.strategy("original"), known.user("u1")
    assert own is not None
    assert own.personal_share == pytest.approx(0.5)
    assert person is not None
    assert person.rewarded_share == pytest.approx(0.5, abs=0.02)
    assert known.user("u2") is not None
    assert known.user("u3") is None


def test_nobody_is_counted_where_the_log_names_nobody() -> None:
    known = Aggregates().updated([search(FOUND, asker=Asker(session="s1"))], 30)
    assert [key for key in known.rows if key[0] == "user"] == []


def test_focus_is_how_often_the_same_object_is_acted_upon() -> None:
    clicked = ["1", "1", "2", "1", "1"]
    rounds = [search(FOUND, gains={id: 1.0}, at=ROUNDS[0].decision.at + n * DAY) for n, id in enumerate(clicked)]
    once = Aggregates().updated(rounds, 1e6).query(ROUNDS[0].decision.normalized)
    assert once is not None
    assert once.compared == pytest.approx(4, rel=1e-4)
    assert once.repeated == pytest.approx(2, rel=1e-4)
    twice = Aggregates().updated(rounds[:2], 1e6).updated(rounds[2:], 1e6).query(ROUNDS[0].decision.normalized)
    assert twice == pytest.approx(once, rel=1e-4)


def test_failed_searches_and_hidden_queries() -> None:
    hidden = Aggregates().updated([search(FOUND, normalized="[hidden] abc", failed=True)], 30)
    assert hidden.query("[hidden] abc") is None
    whole = hidden.whole(("", ""))
    assert whole is not None
    assert whole.failed_share == 1


def test_old_searches_fade_by_half_each_half_life() -> None:
    old = Aggregates().updated(ROUNDS[:1], 30)
    later = old.updated([shifted(ROUNDS[0], 30 * DAY)], 30).query(ROUNDS[0].decision.normalized)
    assert later is not None
    assert later.asked == pytest.approx(1.5)


def test_in_one_go_or_in_two_is_the_same() -> None:
    whole = Aggregates().updated(ROUNDS, 30)
    halves = Aggregates().updated(ROUNDS[:50], 30).updated(ROUNDS[50:], 30)
    assert halves.as_of == whole.as_of
    assert (halves.rows, halves.strategies, halves.notes) == (whole.rows, whole.strategies, whole.notes)
    assert halves.sums == pytest.approx(whole.sums, rel=1e-5)


def test_queries_long_forgotten_are_dropped() -> None:
    known = Aggregates().updated(ROUNDS[:1], 10).updated([shifted(ROUNDS[1], 100 * DAY)], 10)
    assert known.query(ROUNDS[0].decision.normalized) is None
    assert known.strategy("original") is not None


def test_bytes_are_lossless_and_repeatable() -> None:
    known = Aggregates().updated(ROUNDS, 30)
    back = Aggregates.from_bytes(known.to_bytes())
    assert (back.rows, back.strategies, back.notes, back.as_of) == (
        known.rows,
        known.strategies,
        known.notes,
        known.as_of,
    )
    assert np.array_equal(back.sums, known.sums)
    assert known.to_bytes() == back.to_bytes()
    assert Aggregates.from_bytes(Aggregates().to_bytes()).rows == {}


@pytest.mark.parametrize("cut", [0, 10, -4])
def test_damaged_bytes_are_refused(cut: int) -> None:
    with pytest.raises(ModelError, match="aggregates are damaged"):
        Aggregates.from_bytes(Aggregates().updated(ROUNDS, 30).to_bytes()[:cut])


def test_aggregates_of_another_version_are_refused_with_the_fix() -> None:
    old = zlib.compress(b'{"as_of": null, "cells": []}')
    with pytest.raises(ModelError, match=r"of another version.* count again with: ltrr learn policy"):
        Aggregates.from_bytes(old)
