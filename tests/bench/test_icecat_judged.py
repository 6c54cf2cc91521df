"""Two runs of made-up standings, small enough to check by hand."""

import numpy as np
import pytest

from ltrr_opensearch.arena.simulate import (
    BEST_CONSTANT,
    HALF_CONSTANT,
    LEARNED,
    ORACLE,
    UNTOUCHED,
    Simulated,
    Standing,
)
from ltrr_opensearch.bench.icecat_judged import LOSS, figures

BY_RUN = (
    {UNTOUCHED: 0.4, HALF_CONSTANT: 0.5, BEST_CONSTANT: 0.6, LEARNED: 0.7, ORACLE: 0.8},
    {UNTOUCHED: 0.4, HALF_CONSTANT: 0.5, BEST_CONSTANT: 0.6, LEARNED: 0.6, ORACLE: 0.9},
)


def standings(worth: dict[str, float]) -> tuple[Standing, ...]:
    """Three queries, each as good; what was learned asks for half as much as the others."""
    queries = ("tv", "radio", "lamp")
    return tuple(
        Standing(name, dict.fromkeys(queries, value), 30.0 if name == LEARNED else 60.0, {"lexical": 50})
        for name, value in worth.items()
    )


def test_a_query_counts_with_its_mean_over_the_runs() -> None:
    regret = (np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.2, 0.2, 0.2, 0.15]))
    runs = [
        Simulated(standings(worth), standings(worth), np.zeros(0), left, 1.0)
        for worth, left in zip(BY_RUN, regret, strict=True)
    ]
    found = {f.name: f for f in figures(runs, "2 runs")}
    assert found["icecat_seen_learned"].value == pytest.approx(0.65)
    assert found["icecat_seen_learned"].made_with == "30 candidates; 2 runs; best constants {'lexical': 50}"
    closed = found["icecat_seen_gap_closed"]
    assert closed.value == pytest.approx((0.65 - 0.6) / (0.85 - 0.6))
    assert closed.interval == pytest.approx((0.0, 0.5))
    assert closed.falls_short
    ahead = found["icecat_unseen_ahead_of_constant_lower_bound"]
    assert ahead.value == pytest.approx(0.05), "all queries alike: no spread"
    assert ahead.target == pytest.approx(LOSS * 0.6)
    assert found["icecat_unseen_candidates_over_constant"].value == 0.5
    assert found["icecat_regret_last_quarter_over_first"].value == pytest.approx((0.25 + 0.75) / 2)
