"""Who is shown a near miss: those that may be explored with, in the share of searches that may explore."""

from dataclasses import replace

import pytest

from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.types import Asker, Candidate, DocKey, Draw, Found, Ranked
from tests.engine.worlds import request_of, serving_of

RANKED = [Ranked(Candidate(DocKey("shop", str(n)), (Found("own", n, 1.0),)), n, 1 / n) for n in range(1, 31)]
SEEDS = 4000


@pytest.mark.parametrize(
    ("explore", "explore_share", "expected"), [(True, 1.0, 0.4), (True, 0.5, 0.2), (True, 0.0, 0.0), (False, 1.0, 0.0)]
)
def test_near_misses_keep_to_what_may_be_explored(explore: bool, explore_share: float, expected: float) -> None:
    choose = ChooseSettings(near_share=0.4, explore_share=explore_share)
    serving = serving_of(choose=choose)
    request = replace(request_of("products"), asker=Asker(explore=explore))
    shown = [serving.place(request, RANKED, Draw("fixed", ()), seed * 7919) for seed in range(SEEDS)]
    moved = [what for _, what in shown if what]
    assert len(moved) / SEEDS == pytest.approx(expected, abs=4 * (expected * (1 - expected) / SEEDS) ** 0.5)
    assert all(order[what.rank - 1].candidate.key == what.key for order, what in shown if what)
    assert all([r.rank for r in order] == list(range(1, 31)) for order, _ in shown)
