"""fresh: what is new or was rarely shown and matches."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.fresh import Fresh
from ltrr_opensearch.types import EXPLORATION, AnalyzedQuery, Asker, Encoded, Json
from tests.plan.conftest import Analyze

BARE = IndexSettings(text_fields={"title": 3})
DATED = IndexSettings(text_fields={"title": 3}, date_field="added")
SHOWN = Knowledge(exposure=Exposure({"a": 9.0, "b": 7.0, "c": 1.0}))


def asked(strategy: Fresh, query: AnalyzedQuery) -> Json:
    (plan,) = strategy.plan(query)
    assert plan.source == EXPLORATION
    body = plan.clause(10, Encoded())
    assert body is not None
    return body


def either(body: Json) -> list[Json]:
    (filters,) = body["function_score"]["query"]["bool"]["filter"]
    return list(filters["bool"]["should"])


def test_without_dates_and_exposure_there_is_nothing_to_propose(ask: Analyze) -> None:
    assert Fresh("fresh", {}, BARE, Knowledge.empty()).plan(ask("laptop", BARE)) == ()
    seldom = Knowledge(exposure=Exposure({"c": 1.0}))
    assert Fresh("fresh", {}, BARE, seldom).plan(ask("laptop", BARE)) == ()
    assert Fresh("fresh", {}, DATED, SHOWN).plan(ask("  ", DATED)) == ()


def test_new_or_rarely_shown(ask: Analyze) -> None:
    rarely = {"bool": {"must_not": [{"ids": {"values": ["a", "b"]}}]}}
    new = {"range": {"added": {"gte": "2025-12-25", "format": "strict_date_optional_time"}}}
    assert either(asked(Fresh("fresh", {}, BARE, SHOWN), ask("laptop", BARE))) == [rarely]
    assert either(asked(Fresh("fresh", {"max_age_days": 7}, DATED, Knowledge.empty()), ask("laptop", DATED))) == [new]
    both = asked(Fresh("fresh", {"max_age_days": 7, "most_shown": 1}, DATED, SHOWN), ask("laptop", DATED))
    assert either(both) == [{"bool": {"must_not": [{"ids": {"values": ["a"]}}]}}, new]


def test_variety_is_by_person_and_day_and_no_chance(ask: Analyze) -> None:
    strategy = Fresh("fresh", {}, BARE, SHOWN)
    query = ask("laptop", BARE)

    def seed(**changes: object) -> int:
        request = replace(query.request, **changes)  # type: ignore[arg-type]
        functions = asked(strategy, replace(query, request=request))["function_score"]["functions"]
        return int(functions[1]["random_score"]["seed"])

    assert seed() == seed(query_id="another", at=query.request.at + timedelta(hours=3), offset=10)
    different = [seed(), seed(asker=Asker(user="u1")), seed(at=query.request.at + timedelta(days=1)), seed(text="bag")]
    assert len(set(different)) == 4


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(SettingsError, match="'fresh': variety"):
        Fresh("fresh", {"variety": 2}, BARE, SHOWN)
