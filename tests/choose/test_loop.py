"""Drawing and learning in turns, in a world where the best strategy depends on the kind of query."""

from itertools import product

import pytest

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.logged import Part
from ltrr_opensearch.settings import Settings
from tests.worlds import STRATEGIES, renumbered, searches, serve, value, without_floor

SETTINGS = Settings.model_validate(
    {"learn": {"price_per_candidate": 0.002}, "choose": {"policy": "vowpal", "apprentice_rounds": 200}}
)
BATCH = 300
TEST = searches(600, 99)


def learned(batches: int, policy: str = "vowpal") -> Part:
    settings = SETTINGS.model_copy(update={"choose": SETTINGS.choose.model_copy(update={"policy": policy})})
    part = None
    for batch in range(batches):
        drawing = build_policy(settings.choose, part)
        rounds = [serve(s, drawing, settings) for s in renumbered(searches(BATCH, batch), batch * BATCH)]
        part = train_policy(rounds, settings, part)
    assert part is not None
    return part


def best_constant() -> float:
    """In hindsight, on the very searches that judge."""
    bare = without_floor(SETTINGS)
    names = [name for name, _ in STRATEGIES]
    some = TEST[:200]
    ladder = SETTINGS.choose.ladder
    actions = [a for a in product(ladder[:3], repeat=len(names)) if sum(a) <= 110]
    best = max(actions, key=lambda a: value(Fixed(0, dict(zip(names, a, strict=True))), some, bare))
    return value(Fixed(0, dict(zip(names, best, strict=True))), TEST, bare)


@pytest.fixture(scope="module")
def part() -> Part:
    return learned(7)


def test_the_learned_policy_beats_every_constant_one(part: Part) -> None:
    assert value(build_policy(SETTINGS.choose, part), TEST, SETTINGS) > best_constant()


def test_the_learned_policy_beats_uniform_and_the_cold_start(part: Part) -> None:
    ours = value(build_policy(SETTINGS.choose, part), TEST, SETTINGS)
    assert ours > value(Uniform(), TEST, SETTINGS) + 0.1
    assert ours > value(Fixed(SETTINGS.choose.safe_depth), TEST, SETTINGS) + 0.1


def test_a_few_rounds_do_no_harm() -> None:
    few = value(build_policy(SETTINGS.choose, learned(1)), TEST, SETTINGS)
    assert few > value(Fixed(SETTINGS.choose.safe_depth), TEST, SETTINGS) - 0.05


def test_the_loop_is_repeatable() -> None:
    assert learned(2) == learned(2)
