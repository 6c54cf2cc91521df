from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from rich.console import Console

from ltrr_opensearch.bench import made_memory, many_values, memory_scale, understanding_scale
from ltrr_opensearch.bench.bestbuy import Clicked
from ltrr_opensearch.bench.memory_cold import TEACHING_DAYS, split
from ltrr_opensearch.bench.resampled import interval

START = datetime(2011, 8, 11, tzinfo=UTC)


def clicked(days: float, product: str) -> Clicked:
    return Clicked(START + timedelta(days=days), "u", "s", "Halo 3", product)


def test_a_made_memory_has_so_many_pairs_and_its_figures_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made_memory, "VOCABULARY", 300)
    monkeypatch.setattr(memory_scale, "QUICK_PAIRS", 2_000)
    monkeypatch.setattr(memory_scale, "ASKED", 40)
    assert sum(len(row.entities) for row in made_memory.MadeQueries().rows(500)) == 500
    figures = {f.name: f for f in memory_scale.scale(Console(quiet=True), True)}
    assert figures["memory_2k_nearest_as_exact"].value == 1.0, "within its budget it is exact"
    assert figures["memory_2k_look_up_p99"].target == memory_scale.SLOWEST_MS
    assert figures["memory_2k_part"].value > 0


def test_what_is_judged_by_teaches_nothing() -> None:
    clicks = [clicked(day, f"p{n}") for day in range(TEACHING_DAYS + 10) for n in range(20)]
    parted = split(clicks)
    taught, judged = set(parted.asked), {one.product for one in parted.judged}
    assert taught | judged == {f"p{n}" for n in range(20)}
    assert not taught & judged
    assert min(one.at for one in parted.judged) >= START + timedelta(days=TEACHING_DAYS)
    assert {n for queries in parted.asked.values() for n in queries.values()} == {TEACHING_DAYS}


def test_intervals_are_wider_where_few_people_stand_behind_many_clicks() -> None:
    values = np.repeat(np.random.default_rng(0).normal(size=40), 10)
    few, many = interval(values, np.repeat(np.arange(40), 10)), interval(values, np.arange(400))
    assert few[1] - few[0] > 2 * (many[1] - many[0])


def test_a_query_is_analysed_with_many_values_and_pairs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(understanding_scale, "QUICK_COUNT", 1_000)
    monkeypatch.setattr(understanding_scale, "QUERIES", 40)
    monkeypatch.setattr(many_values, "WORDS", 2_000)
    figures = {f.name: f for f in understanding_scale.measure(Console(quiet=True), True)}
    assert figures["analysis_both_p99"].target == understanding_scale.SLOWEST_MS
    assert {f.runs for f in figures.values()} == {40}
    both, slots, memory = (figures[f"analysis_{what}_median"].value for what in ("both", "slots", "memory"))
    assert both > 0
    assert both > min(slots, memory)
