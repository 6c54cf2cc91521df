"""What the parts of the learning suite make of what was played, by hand."""

import pytest

from ltrr_opensearch.arena.drift import Drifted
from ltrr_opensearch.arena.safety import Pages, Withstood
from ltrr_opensearch.bench import learning_drift, learning_safety
from ltrr_opensearch.bench.coverage import HEADLINE, Cell, Tries
from ltrr_opensearch.bench.estimating import figures


def test_gaps_of_all_seeds_count_together() -> None:
    """The second has hardly any gap: alone it would say that fifty times as much was lost."""
    runs = [
        Drifted(0.8, {0: 0.4, 3000: 0.6}, constant=0.7, newcomer=0.5),
        Drifted(0.8, {0: 0.5, 3000: 0.45}, constant=0.4, newcomer=0.501),
    ]
    (figure,) = learning_drift._figures("tastes_flip", runs)
    assert figure.value == pytest.approx((0.2 - 0.05) / (0.3 + 0.001))
    assert figure.interval == pytest.approx((-50, 0.2 / 0.3))
    assert figure.falls_short


def test_the_worst_run_is_told_of_each_group_of_queries() -> None:
    good, bad = Pages(0.55, 0.5, 0.5), Pages(0.49, 0.5, 0.5)
    runs = [Withstood(good, good, good, frozenset({"policy"})), Withstood(good, bad, good, frozenset())]
    found = {f.name: f for f in learning_safety._figures("hostile", runs)}
    assert found["safety_hostile_all_worst_over_untouched"].value == pytest.approx(0.1)
    assert found["safety_hostile_never_asked_worst_over_untouched"].value == pytest.approx(-0.02)
    assert found["safety_hostile_never_asked_worst_over_untouched"].falls_short
    assert not found["safety_hostile_searched_worst_over_untouched"].falls_short
    assert "1 runs below -0.01" in found["safety_hostile_never_asked_worst_over_untouched"].made_with
    assert "policy 1" in found["safety_hostile_all_worst_over_cold"].made_with


def test_a_cell_that_covers_too_seldom_is_counted() -> None:
    def tries(covered: int) -> Tries:
        return Tries([0.0] * 100, [0.1] * 100, covered)

    cells = {Cell("plain", "floor", 500, target, HEADLINE): tries(n) for target, n in (("a", 96), ("b", 80))}
    found = {f.name: f for f in figures(cells)}
    short = found[f"{HEADLINE}: cells below 95 % by test"]
    assert (short.value, short.runs, short.falls_short) == (1, 2, True)
