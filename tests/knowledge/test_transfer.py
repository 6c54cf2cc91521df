import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.transfer import GUESS, KNOTS, Transfer, fit
from ltrr_opensearch.types import EntityScore

SHARES = st.floats(0, 1)


def test_without_evidence_the_guess_stands() -> None:
    assert fit([]) == Transfer()
    assert [Transfer()(k) for k in KNOTS[:-1]] == pytest.approx(GUESS[:-1])
    assert Transfer()(0.85) == pytest.approx((0.25 + 0.375) / 2)
    assert (Transfer()(0.1), Transfer()(1.0)) == (0.0, 1.0)


def test_evidence_moves_the_curve() -> None:
    confirmed = fit([(0.7, 0.8, 0.8)] * 200)
    denied = fit([(0.9, 0.8, 0.0)] * 200)
    assert confirmed(0.7) > 0.9
    assert denied(0.9) < 0.05


@given(st.lists(st.tuples(st.floats(0.3, 0.97), SHARES, SHARES), max_size=50), st.lists(SHARES, min_size=2, max_size=2))
def test_more_similar_is_never_trusted_less(pairs: list[tuple[float, float, float]], two: list[float]) -> None:
    curve = fit(pairs)
    low, high = sorted(two)
    assert 0 <= curve(low) <= curve(high) + 1e-9 <= 1 + 1e-9


def test_a_memory_learns_from_itself_and_keeps_it() -> None:
    agree = [MemoryRow(f"red shoes {i}", (EntityScore("a", 0.9), EntityScore("b", 0.8))) for i in range(30)]
    differ = [MemoryRow(f"red shoes {i}", (EntityScore(f"e{i}", 0.9),)) for i in range(30)]
    trusting, wary = Memory.from_rows(agree), Memory.from_rows(differ)
    near = trusting.near("red shoes 31", None)[0]
    assert near.weight > 0.5 > wary.near("red shoes 31", None)[0].weight
    assert Memory.from_bytes(trusting.to_bytes()).near("red shoes 31", None)[0] == near
