"""What the past teaches, on a recorded shop small enough to check by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.lessons import FIRST_PAGE, NOWHERE, OTHERS_ONLY, Again, lessons
from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.registry import LEARNING
from ltrr_opensearch.index_settings import StrategySettings
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.personal import PersonalMemory
from ltrr_opensearch.learn.past import Past, past_rounds
from ltrr_opensearch.learn.warm import Lessons, taught
from ltrr_opensearch.learn.watermarks import THROUGH
from ltrr_opensearch.logged import Event, Round
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Asker
from tests.arena.shop import QUERIES, SETTINGS, recording, template

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
LEARN = SETTINGS.learn.model_copy(update={"min_rounds": 20})
STRATEGIES = tuple(StrategySettings(name=n, use=n) for n in ("original", "lexical", "q2e"))
SHOP = SETTINGS.model_copy(
    update={"learn": LEARN, "indexes": {"shop": SETTINGS.indexes["shop"].model_copy(update={"strategies": STRATEGIES})}}
)
CLICKED = "d35"
"""Sixth of the lexical strategy; the client's own query does not have it."""


def with_policy(name: str, settings: Settings = SHOP, **choose: object) -> Settings:
    return settings.model_copy(update={"choose": settings.choose.model_copy(update={"policy": name, **choose})})


def searched(days: int, clicked: str = CLICKED) -> list[Round]:
    found = []
    for day in range(days):
        for n, query in enumerate(QUERIES):
            at, id = START + timedelta(days=day, minutes=n), f"p{day}-{n}"
            events = (Event(id, at, "click", clicked, user=id),)
            found.append(Past(id, at, query, Asker(id), events=events))
    return past_rounds(found, "shop", {clicked: [clicked]}, SHOP.learn, Counter())


def learned(past: Sequence[Round], settings: Settings = SHOP, asked: int | None = None) -> tuple[Lessons, Counter[str]]:
    serving = Learner(settings, "shop", Gazetteer.from_values(()), {}).serving()
    ids = {id: [id] for one in past for id in one.gains}
    counts: Counter[str] = Counter()
    again = Again(recording(), serving, template, settings, ids)
    return lessons(past, {one.decision.query_id for one in past[:asked]}, again, counts)[0], counts


def test_every_rung_of_what_was_taken_is_known() -> None:
    found, counts = learned(searched(3))
    last = found.whole[-1].decision
    assert {s.plan: (s.depth, s.probability) for s in last.slots} == dict.fromkeys(
        ("original", "lexical", "q2e"), (20, 1.0)
    )
    taken = next(c for c in last.candidates if c.key.id == CLICKED)
    assert {f.plan: f.rank for f in taken.found} == {"lexical": 6, "q2e": 1}
    assert last.shown == 0
    assert counts[OTHERS_ONLY] == 3 * len(QUERIES)


def test_a_search_is_met_with_what_was_known_before_it() -> None:
    found, _ = learned(searched(3))
    first, *_, last = (one.decision for one in found.whole)
    assert ASKED not in first.context
    assert last.context[ASKED] > 0
    assert not any(f.plan == "q2e" for c in first.candidates for f in c.found)


def test_searches_that_were_not_asked_again_say_only_that_they_were_made() -> None:
    past = searched(2)
    found, _ = learned(past, asked=len(QUERIES))
    assert len(found.whole) == len(QUERIES)
    aggregates = Aggregates.from_bytes(found.counted["aggregates"])
    query = aggregates.query(past[0].decision.normalized)
    assert query
    assert query.asked == pytest.approx(2, abs=0.1)
    assert query.found_share == 1.0


def test_where_the_own_query_stands_is_told() -> None:
    assert learned(searched(1, "d3"))[1][FIRST_PAGE] == len(QUERIES)
    found, counts = learned(searched(1, "d59"))
    assert counts[NOWHERE] > 0
    assert counts[FIRST_PAGE] == 0
    assert all("d59" in {c.key.id for c in one.decision.candidates} for one in found.whole)


@pytest.mark.parametrize("policy", LEARNING)
def test_the_past_counts_for_a_part_of_the_apprenticeship(policy: str) -> None:
    settings = with_policy(policy, apprentice_rounds=100, warm_share=0.5)
    found, _ = learned(searched(3), settings)
    trained = taught(found, settings, None)
    assert trained.part, trained.verdict
    assert trained.part.meta["rounds"] == 50 < len(found.whole)
    assert THROUGH not in trained.part.meta
    compared = trained.verdict.compared
    assert compared
    assert compared.rounds == len(found.whole)
    again = taught(found, settings, trained.part)
    assert again.part == trained.part


def test_propensities_are_those_of_the_draw() -> None:
    found, _ = learned(searched(1), with_policy("vowpal", budget=30))
    for one in found.drawn.values():
        assert sum(slot.depth for slot in one.decision.slots) <= 30
        for slot in one.decision.slots:
            assert slot.probability == pytest.approx(1 / sum(slot.feasible))


def test_a_policy_with_searches_of_its_own_needs_no_start() -> None:
    found, _ = learned(searched(2))
    part = taught(found, SHOP, None).part
    assert part
    own = replace(part, meta={**part.meta, THROUGH: START.isoformat()})
    assert "searches of its own, up to 2026-01-05 12:00 UTC" in taught(found, SHOP, own).verdict.reason
    refused = taught(found, with_policy("uniform"), None).verdict
    assert (refused.passed, refused.reason) == (False, "choose.policy uniform does not learn")


def test_what_single_people_did_is_kept_where_that_is_wanted() -> None:
    assert "personal" not in learned(searched(1))[0].counted
    kept = SHOP.model_copy(update={"learn": LEARN.model_copy(update={"personal_people": 5})})
    personal = PersonalMemory.from_bytes(learned(searched(1), kept)[0].counted["personal"])
    assert len(personal) == 5
