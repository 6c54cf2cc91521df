"""What a policy is told about a search: its text, who asks, when, and what is known of both."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ltrr_opensearch.choose.context import context_features
from ltrr_opensearch.kinds import kind_in, kind_of
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.types import NAME, Asker, Reading, SlotValue
from tests.choose.histories import ASKER, AT, BRAND, KNOWN, VALUES, analyzed


def test_context_says_what_is_known() -> None:
    context = context_features(analyzed("acme", VALUES), KNOWN, AT)
    assert context["kind=values"] == context["weekend"] == context["day_part=afternoon"] == 1
    assert context["slot=brand"] == context["confidence"] == pytest.approx(0.9)
    assert context["memory_exact"] == 1
    assert context["memory_score"] == pytest.approx(0.7)
    assert kind_in(context) == "values"
    assert kind_in({}) == ""


def test_intent_is_spread_over_the_readings() -> None:
    topic, refined = Reading((), "acme tv", 0.3), Reading((BRAND,), "tv", 0.6)
    context = context_features(analyzed("acme tv", refined, topic), Aggregates(), AT)
    assert (context["intent=refined"], context["intent=topic"]) == (0.6, 0.3)
    assert context_features(analyzed("wh-1000", Reading((), "wh-1000", 1.0)), Aggregates(), AT)["intent=item"] == 1


def test_types_of_entities_that_are_wanted() -> None:
    name = SlotValue("title", "Love", 0, 1, 0.6, kind=NAME, entity="song")
    listed = [Reading((name,), rest, 0.3, "song") for rest in ("", "love")]
    context = context_features(analyzed("love", *listed, Reading((), "love", 0.4)), Aggregates(), AT)
    assert (context["entity=song"], context["slot=song"]) == (0.6, 0.6)
    assert not [name for name in context_features(analyzed("love"), KNOWN, AT) if name.startswith("entity=")]


def test_history_of_the_query() -> None:
    context = context_features(analyzed("acme", VALUES), KNOWN, AT)
    assert (context["query_found"], context["query_failed"], context["query_focus"]) == (1, 0.25, 0.75)
    assert not [name for name in context_features(analyzed("other"), KNOWN, AT) if name.startswith("query_")]


def test_history_of_the_person_who_is_named() -> None:
    context = context_features(analyzed("acme", VALUES), KNOWN, AT, "u1")
    assert (context["user_success"], context["user_failed"], context["user_kind=values"]) == (0.5, 0.25, 0.75)
    assert context["user_same_kind"] == 0.75
    assert context_features(analyzed("lamp"), KNOWN, AT, "u1").get("user_same_kind") is None
    for nobody in (None, "u2"):
        told = context_features(analyzed("acme", VALUES), KNOWN, AT, nobody)
        assert not [name for name in told if name.startswith("user_")]


@pytest.mark.parametrize(
    ("asker", "hour", "weekday", "known"),
    [
        (Asker(), 23, 5, 0),
        (Asker(locale="de-DE"), 0, 6, 1),
        (Asker(locale="de"), 23, 5, 0),
        (Asker(locale="en_US.UTF-8"), 23, 5, 0),
        (Asker(locale="en-US", time_zone="America/New_York"), 18, 5, 1),
        (Asker(locale="de-DE", time_zone="Asia/Tokyo"), 8, 6, 1),
        (Asker(locale="de-DE", time_zone="../../etc/passwd"), 0, 6, 1),
        (Asker(time_zone="Middle/Earth"), 23, 5, 0),
        (Asker(time_zone="\0"), 23, 5, 0),
    ],
)
def test_the_time_is_that_of_the_persons_clock(asker: Asker, hour: int, weekday: int, known: int) -> None:
    late = datetime(2026, 3, 7, 23, 30, tzinfo=UTC)
    context = context_features(analyzed("acme", asker=asker, at=late), Aggregates(), late)
    assert context[f"hour={hour}"] == context[f"weekday={weekday}"] == 1
    assert context.get("local_time", 0) == known


def test_a_season_is_that_of_the_persons_country_and_day() -> None:
    before = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
    told = context_features(analyzed("acme", at=before), Aggregates(), before)
    assert told["season=christmas"] == 1, "in Berlin it is the 29th already"
    there = analyzed("acme", asker=replace(ASKER, locale="en-GB"), at=before)
    assert "season=christmas" not in context_features(there, Aggregates(), before)


def test_groups_can_be_left_out() -> None:
    told = context_features(analyzed("acme", VALUES), KNOWN, AT, "u1", ("text", "season"))
    assert set(told) == {"language=en", "kind=values", "tokens", "characters"}
    assert context_features(analyzed("acme", VALUES), KNOWN, AT, "u1", ()) == {}


@pytest.mark.parametrize(
    ("text", "readings", "kind"),
    [
        ("acme", (Reading((BRAND,), "", 1.0),), "values"),
        ("acme tv", (Reading((BRAND,), "tv", 1.0),), "mixed"),
        ("wh-1000xm4", (), "identifier"),
        ("12345", (), "identifier"),
        ("2 tables", (), "words"),
        ("lamp", (Reading((), "lamp", 1.0),), "word"),
        ("", (), "word"),
        ("something to read in bed", (), "sentence"),
    ],
)
def test_kinds(text: str, readings: tuple[Reading, ...], kind: str) -> None:
    assert kind_of(analyzed(text, *readings)) == kind
