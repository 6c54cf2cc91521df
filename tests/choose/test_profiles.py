"""Profiles drawn slot by slot are drawn as one."""

from dataclasses import dataclass

import pytest

from ltrr_opensearch.choose.draw import draw_offers
from ltrr_opensearch.choose.profiles import WHOLE, Profile, ProfilePolicy
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.types import Slot
from tests.worlds import searches

SEARCH = searches(1, 1)[0]
BARE = ChooseSettings(floor=0.0)
PROFILES = (
    Profile("safe", {"original": 50, "structured": 50, "q2e": 50, "knn": 50}),
    Profile("original", {"original": 50}),
    Profile("memory", {"original": 10, "q2e": 50}),
    Profile("dense", {"original": 10, "knn": 200}),
)
WEIGHTS = (0.4, 0.3, 0.2, 0.1)


@dataclass
class Weighted:
    name: str = "weighted"
    asked: int = 0

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        assert (slot.plan, slot.ladder) == (WHOLE, (0, 1, 2, 3))
        self.asked += 1
        return WEIGHTS


def test_the_product_over_the_slots_is_the_profiles_probability() -> None:
    inner = Weighted()
    policy = ProfilePolicy(inner, PROFILES)
    seen = {}
    for seed in range(200):
        drawn = draw_offers(policy, SEARCH.offers, SEARCH.context, BARE, seed, explore=True)
        probability = 1.0
        for s in drawn.slots:
            probability *= s.probability
        seen[tuple(s.depth for s in drawn.slots)] = probability
    asked = {tuple(p.depths.get(o.plan, 0) for o in SEARCH.offers): w for p, w in zip(PROFILES, WEIGHTS, strict=True)}
    assert seen == pytest.approx(asked)
    assert inner.asked == 1, "the slots of a search share one prediction"


def test_after_an_explored_depth_the_nearest_profiles_go_on() -> None:
    policy = ProfilePolicy(Weighted(), PROFILES)
    ladder = BARE.ladder
    after = (("original", 10), ("structured", 200))
    slot = Slot("q2e", "q2e", "memory", 2, {}, {}, after, ladder, (True,) * 4)
    assert policy.pmf(slot) == pytest.approx((1 / 3, 0, 2 / 3, 0))
    tight = Slot("q2e", "q2e", "memory", 2, {}, {}, after, ladder, (True, True, False, False))
    assert policy.pmf(tight) == pytest.approx((1 / 3, 2 / 3, 0, 0))


def test_profiles_fit_the_ladder_and_the_budget() -> None:
    with pytest.raises(ValueError, match=r"profile 'odd' asks \[20\] deep"):
        ChooseSettings(profiles={"odd": {"knn": 20}})
    with pytest.raises(ValueError, match="profile 'big' asks 600 in all, more than budget 400"):
        ChooseSettings(profiles={"big": {"knn": 200, "lexical": 200, "q2e": 200}})
