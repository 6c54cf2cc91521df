from __future__ import annotations

import numpy as np
import pytest

from ltrr_opensearch.bench.soak import Sample, growth, growths


def test_a_growth_is_what_a_line_gains_over_the_run() -> None:
    times = list(range(0, 600, 3))
    gained, (low, high) = growth(times, [100 + t / 60 for t in times])
    assert gained == pytest.approx(597 / 60)
    assert low == pytest.approx(high)


def test_noise_alone_has_an_interval_around_nothing() -> None:
    times = list(range(0, 600, 3))
    noise = np.random.default_rng(1).normal(size=len(times))
    _, (low, high) = growth(times, list(100 + noise))
    assert low < 0 < high


def test_a_leak_falls_short_and_caches_that_fill_at_first_do_not() -> None:
    filling = [Sample(t, 200 + min(t, 100), 20, 30) for t in range(0, 600, 3)]
    leaking = [Sample(t, 200 + t / 10, 20 + t // 20, 30) for t in range(0, 600, 3)]
    assert [f.name for f in growths(filling) if f.falls_short] == []
    assert [f.name for f in growths(leaking) if f.falls_short] == [
        "resident memory, growth over the run",
        "open sockets, growth over the run",
    ]
