"""`ltrr explain`: as a proxy would answer that has all that it needs ready."""

from __future__ import annotations

from ltrr_opensearch.cli.explain import PATIENCE_MS, unhurried
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.stage_settings import SecondStageSettings


def settings_of(second: SecondStageSettings | None) -> Settings:
    index = IndexSettings(text_fields={"title": 1}, second_stage=second)
    return Settings(indexes={"shop": index, "other": index})


def test_a_second_stage_has_the_time_that_it_needs() -> None:
    second = SecondStageSettings(model="m", budget_ms=150, depth=7)
    found = unhurried(settings_of(second), "shop").indexes
    assert found["shop"].second_stage == SecondStageSettings(model="m", budget_ms=PATIENCE_MS, depth=7)
    assert found["other"].second_stage == second


def test_without_a_second_stage_the_settings_are_as_they_were() -> None:
    settings = settings_of(None)
    assert unhurried(settings, "shop") is settings
