"""The report of a live experiment, from searches made by hand and by simulated people."""

from __future__ import annotations

from itertools import count

import numpy as np
import orjson
import pytest

from ltrr_opensearch.evaluate.live import Observed, report

NAMES = ("usual", "new")


def search(person: str, arm: str | None, success: float = 0.0, took_ms: float = 10.0, first: str = "") -> Observed:
    return Observed(person, "q", arm, success, success / 2, success, took_ms, first or None)


def people(seed: int, rates: tuple[float, float], each: int = 400) -> list[Observed]:
    """Some search once, some often, and everybody has a taste of his own."""
    rng, made = np.random.default_rng(seed), []
    for n in range(2 * each):
        taste = rng.beta(4 * rates[n % 2], 4 * (1 - rates[n % 2]))
        made += [
            search(f"p{n}", NAMES[n % 2], float(rng.random() < taste), float(rng.gamma(4, 5)))
            for _ in range(1 + rng.poisson(2))
        ]
    return made


def test_arms_and_their_difference() -> None:
    found = [search("a", "usual", 1), search("a", "usual"), search("b", "new", 1, 30), search("c", "new", 1, 10)]
    done = report(found, NAMES, 1000)
    usual, new = done.arms
    assert (usual.people, usual.searches, new.people, new.searches) == (1, 2, 2, 2)
    assert usual.measures["success"].value == 0.5
    assert new.measures["gain"].value == 0.5
    assert (new.median_ms, new.p95_ms) == (20.0, 29.0)
    assert done.differences["success"].mean == 0.5
    assert done.differences["success"].p == 1.0  # three people say nothing
    assert done.preferred is None
    assert orjson.loads(orjson.dumps(done.to_json()))["second_less_first"]["success"]["low"] is None


def test_a_difference_is_found_and_none_that_is_not_there() -> None:
    assert report(people(0, (0.3, 0.5)), NAMES, 1000).differences["success"].low > 0
    alarms = sum(report(people(seed, (0.3, 0.3), 150), NAMES, 1000).differences["success"].clear for seed in range(60))
    assert alarms <= 3


def test_people_who_went_astray_are_loudly_missed() -> None:
    ids = (f"p{n}" for n in count())
    even = [search(next(ids), NAMES[n % 2]) for n in range(1000)]
    assert not report(even, NAMES, 1000).ratios[0].mismatch
    lost = even + [search(next(ids), "new") for _ in range(160)]
    (ratio,) = report(lost, NAMES, 1000).ratios
    assert ratio.counts == (500, 660)
    assert ratio.p == pytest.approx(2.64e-6, rel=0.01)  # 22.07 of chi-square, one degree of freedom
    assert ratio.mismatch
    twice = even + [search(s.person, s.arm) for s in even if s.arm == "new"]
    assert not report(twice, NAMES, 1000).ratios[0].mismatch  # it is people that were divided


def test_first_places_of_interleaved_pages_are_checked_too() -> None:
    crooked = [search(f"p{n}", None, first="usual" if n % 3 else "new") for n in range(300)]
    (ratio,) = report(crooked, NAMES, 1000).ratios
    assert (ratio.what, ratio.counts, ratio.mismatch) == ("first places", (200, 100), True)


def test_nothing_is_a_report_too() -> None:
    done = report([], NAMES, 1000)
    assert (done.arms, done.differences, done.preferred, done.ratios) == ((), {}, None, ())
