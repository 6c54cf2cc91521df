"""How likely a document is wanted, by what is known of liking and chance."""

from __future__ import annotations

import numpy as np
import pytest

from ltrr_opensearch.knowledge.liking import Kind, Liking

KNOWN = Liking(Kind(900, 1000, 30, 600), Kind(300, 500, 250, 60))
"""Clicked three times in a hundred looks, or half of the times; of what was never acted upon, a tenth is wanted."""


def test_one_action_on_what_was_hardly_looked_at_proves_little() -> None:
    acted, examined = np.array([1.0, 1.0, 5.0, 20.0]), np.array([0.1, 10.0, 10.0, 10.0])
    once, passed_over, often, always = KNOWN.probable(acted, examined, np.full(4, KNOWN.odds))
    assert once == pytest.approx(0.62, abs=0.02)
    assert passed_over < 0.05
    assert 0.99 < often < always


def test_where_nothing_is_known_all_that_was_acted_upon_is_wanted() -> None:
    assert Liking().probable(np.ones(2), np.ones(2), np.ones(2)).tolist() == [1.0, 1.0]
    assert Liking().chance == 0.0


def test_batches_that_contradict_each_other_tell_nothing() -> None:
    """Ten times as many actions in one as in the other: what is wanted would come out as acted upon less."""
    eager = Liking(Kind(6000, 240_000, 36_000), Kind(300, 3000, 4500))
    tired = Liking(Kind(1500, 45_000, 225), Kind(6000, 1_200_000, 96_000))
    both = eager.and_also(tired, 1.0)
    assert both.unwanted.rate > both.wanted.rate
    assert both.probable(np.array([0.0, 20.0]), np.full(2, 10.0), np.ones(2)).tolist() == [1.0, 1.0]
    assert both.chance == 0.0


def test_what_was_known_before_counts_as_much_as_is_kept() -> None:
    both = KNOWN.and_also(KNOWN, 0.5)
    assert both.wanted == Kind(450, 750, 375, 90)
    assert both.chance == pytest.approx(KNOWN.chance)
