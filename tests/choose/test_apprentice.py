"""Every policy that learns gives way to the safe plan until it has learned enough."""

from __future__ import annotations

from itertools import chain

import pytest

from ltrr_opensearch.choose.apprentice import Apprentice
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.logged import slots
from ltrr_opensearch.choose.registry import LEARNING, build_policy
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.settings import Settings
from tests.worlds import searches, serve

ROUNDS = [serve(one, Uniform(), Settings()) for one in searches(200, 1)]
SLOTS = [slot for slot, _ in chain.from_iterable(slots(one.decision) for one in ROUNDS[:20])]
SAFE = Fixed(50)


def settings_for(policy: str, apprentice_rounds: int) -> Settings:
    return Settings.model_validate({"choose": {"policy": policy, "apprentice_rounds": apprentice_rounds}})


@pytest.mark.parametrize("policy", LEARNING)
@pytest.mark.parametrize("at_most", [None, 50])
def test_its_share_is_that_of_the_rounds_it_has_learned(policy: str, at_most: int | None) -> None:
    alone, mixed = (
        build_policy(settings.choose, train_policy(ROUNDS, settings, at_most=at_most))
        for settings in (settings_for(policy, 0), settings_for(policy, 600))
    )
    assert mixed.name == alone.name == policy
    trust = 0.25 if at_most is None else 50 / 650
    differ = 0
    for slot in SLOTS:
        learned, safe = alone.pmf(slot), SAFE.pmf(slot)
        expected = [trust * p + (1 - trust) * s for p, s in zip(learned, safe, strict=True)]
        assert mixed.pmf(slot) == pytest.approx(expected, abs=1e-6)
        differ += learned != pytest.approx(safe, abs=1e-3)
    assert differ > len(SLOTS) / 4, "it has learned something else than the safe plan"


def test_what_it_expects_is_told_by_what_it_learned() -> None:
    settings = settings_for("greedy", 600)
    mixed = build_policy(settings.choose, train_policy(ROUNDS, settings))
    assert isinstance(mixed, Apprentice)
    values = mixed.values(SLOTS[0])
    assert values is not None
    assert max(values) > 0
    assert Apprentice(Uniform(), 50, 0.5).values(SLOTS[0]) is None
