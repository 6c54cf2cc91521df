"""Which queries meet which rules, and what excluding makes of a search."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ltrr_opensearch.rule_settings import RuleSettings
from ltrr_opensearch.rules.book import RuleBook, narrowed
from ltrr_opensearch.types import Asker, Json, SearchRequest

NOW = datetime(2026, 6, 1, tzinfo=UTC)
EXCLUDE: Json = {"ids": ["9"]}


def rule(id: str = "r", **told: object) -> RuleSettings:
    return RuleSettings.model_validate({"id": id, "exclude": EXCLUDE, **told})


def met(text: str, *rules: RuleSettings, at: datetime = NOW) -> list[str]:
    return [one.id for one in RuleBook(rules).met_by(text, at)]


@pytest.mark.parametrize(
    ("when", "text", "meets"),
    [
        ({"query": ["Red  Shoes!"]}, "red shoes", True),
        ({"query": ["red shoes"]}, "red shoes cheap", False),
        ({"query": ["blue", "RED"]}, "Red", True),
        ({"contains": ["red shoes"]}, "cheap red shoes", True),
        ({"contains": ["red shoes"]}, "red leather shoes", False),
        ({"contains": ["red"]}, "hundred", False),
        ({"pattern": ["cheap * shoes"]}, "Cheap red SHOES", True),
        ({"pattern": ["cheap * shoes"]}, "cheap shoes", False),
        ({"pattern": ["cheap*"]}, "cheap", True),
        ({"pattern": ["*boots"]}, "red boots, size 9", False),
        ({"pattern": ["a*a"]}, "a", False),
        ({"pattern": ["Boots, size *"]}, "boots size 9", True),
        ({"pattern": ["boots*, size 9"]}, "boots red size 9", True),
        ({"pattern": ["red * *"]}, "red shoes 9", True),
        ({"query": ["blue"], "contains": ["red"]}, "red hat", True),
        ({}, "anything", True),
        ({}, "", True),
        ({"pattern": ["size"]}, "size", True),
    ],
)
def test_when_a_query_meets_a_rule(when: Json, text: str, meets: bool) -> None:
    assert bool(met(text, rule(when=when))) is meets


def test_rules_are_met_in_their_order_each_once() -> None:
    rules = (rule("z", when={"contains": ["red", "shoes"]}), rule("a"), rule("m", when={"query": ["red shoes"]}))
    assert met("red shoes", *rules) == ["z", "a", "m"]


def test_rules_hold_in_their_time_and_where_they_are_enabled() -> None:
    day = timedelta(days=1)
    rules = (
        rule("now", since=NOW, until=NOW + day),
        rule("over", until=NOW),
        rule("soon", since=NOW + day),
        rule("off", enabled=False),
    )
    assert met("red", *rules) == ["now"]
    assert met("red", *rules, at=NOW + day) == ["soon"]


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=4), st.text("ab", max_size=8))
def test_a_pattern_is_what_a_regular_expression_would_be(pieces: list[str], text: str) -> None:
    import re

    if "".join(pieces):
        expected = re.fullmatch(".*".join(pieces), text) is not None
        assert bool(met(text, rule(when={"pattern": ["*".join(pieces)]}))) is expected


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({"exclude": None}, "does nothing"),
        ({"exclude": {}}, "selects nothing"),
        ({"when": {"query": ["..."]}}, "no word"),
        ({"since": "2026-01-02T00:00:00"}, "no time with a zone"),
        ({"since": datetime(2026, 1, 2).date()}, "no time with a zone"),
        ({"since": NOW, "until": NOW}, "never holds"),
        ({"pin": [{"id": "1", "position": 0}]}, "greater than or equal to 1"),
        ({"pin": [{"id": "1", "position": 101}]}, "less than or equal to 100"),
        ({"pins": []}, "Extra inputs"),
    ],
)
def test_what_is_no_rule_is_refused(told: Json, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        rule(**told)


def request(body: Json) -> SearchRequest:
    return SearchRequest("q", "products", "red", body, (), (), ({"term": {"stock": 1}},), 10, 0, Asker(), None, NOW)


def test_excluding_narrows_the_clients_query_and_every_plan() -> None:
    asked = narrowed(request({"query": {"match": {"title": "red"}}, "size": 3}), (rule(), rule("none", bury=EXCLUDE)))
    without = [{"ids": {"values": ["9"]}}] * 2
    query = {"bool": {"must": [{"match": {"title": "red"}}], "must_not": without}}
    assert asked.body == {"query": query, "size": 3}
    assert asked.filters == ({"term": {"stock": 1}}, {"bool": {"must_not": without}})


def test_nothing_changes_where_nothing_is_excluded() -> None:
    asked = request({})
    assert narrowed(asked, (rule(exclude=None, bury=EXCLUDE),)) is asked
