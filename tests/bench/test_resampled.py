import numpy as np
import pytest

from ltrr_opensearch.bench.resampled import interval


def test_the_luck_of_replays_is_in_the_interval() -> None:
    """Two replays that differ by 0.2 for everybody: people alone would leave nothing open."""
    users = np.repeat(np.arange(50), 2)
    replays = np.stack([np.full(100, 0.4), np.full(100, 0.6)])
    assert interval(replays, users) == pytest.approx((0.5 - 0.1 * 2**0.5, 0.5 + 0.1 * 2**0.5))
    assert interval(replays.mean(axis=0), users) == pytest.approx((0.5, 0.5))
    one = np.random.default_rng(0).random(100)
    assert interval(one, users) == interval(one[None, :], users)
