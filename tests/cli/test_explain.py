"""`ltrr explain`: as a proxy would answer that has all that it needs ready."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from ltrr_opensearch.cli.explain import PATIENCE_MS, unhurried
from ltrr_opensearch.cli.explain_shown import reading, show
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.stage_settings import SecondStageSettings
from ltrr_opensearch.types import Json


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


def shown(**hit: object) -> str:
    one: Json = {"id": "1", "rank": 1, "plans": [], "features": [], **hit}
    console = Console(file=StringIO(), width=160)
    show({"query": "q", "index": "shop", "fallbacks": [], "hits": [one]}, 3, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_an_id_is_shown_as_it_is() -> None:
    assert "a[red]b[/c]" in shown(id="a[red]b[/c]")


@pytest.mark.parametrize(("hit", "told"), [({"mean_score": 0.0}, True), ({"mean_score": 1.5}, True), ({}, False)])
def test_what_numbers_mean_is_told_where_there_are_any(hit: Json, told: bool) -> None:
    assert ("A feature's number" in shown(**hit)) is told


def test_a_reading_is_told_in_words() -> None:
    song = {"slots": {"artist": "tayler", "song": "lo[ve]"}, "residual": "", "entity": "song", "likelihood": 0.616}
    text = {"slots": {}, "residual": "tayler love", "likelihood": 0.003}
    assert reading(song) == "song: artist [bold]tayler[/bold], song [bold]lo\\[ve][/bold] (0.62)"
    assert reading(text) == 'text "tayler love" (0.00)'
    odd = {"slots": {"[/a]": "x"}, "residual": "", "entity": "[/b]", "likelihood": 0.5}
    assert reading(odd) == "\\[/b]: \\[/a] [bold]x[/bold] (0.50)"
