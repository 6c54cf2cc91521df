"""Who decides a search in each phase: pure, over draws of a made-up search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ltrr_opensearch.chance import place_of
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.logged import CONTROL, FAILED, POLICY
from ltrr_opensearch.phase_settings import PHASES, PhaseName, PhaseSettings
from ltrr_opensearch.phased import InPhases, in_phase, share_of
from ltrr_opensearch.serving import COLD, Chosen, Serving
from ltrr_opensearch.types import Asker, Slot
from tests.engine.worlds import request_of, serving_of

PEOPLE = [f"person {n}" for n in range(4000)]
PLACES = [place_of("secret", "products", person) for person in PEOPLE]
EXPLORING = ChooseSettings(floor=0.2)


class Deepest:
    name = "deepest"

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        return tuple(float(i == sum(slot.feasible) - 1) for i in range(len(slot.ladder)))


class Broken:
    """Each of the ways in which a policy may fail, and one slot late."""

    name = "broken"

    def __init__(self, answer: Callable[[Slot], tuple[float, ...]]) -> None:
        self._answer = answer

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        return self._answer(slot) if slot.position else (0.0, 0.0, 1.0, 0.0)


def raises(_: Slot) -> tuple[float, ...]:
    raise RuntimeError("no model")


def learned(phase: PhaseName, **settings: object) -> Serving:
    serving = serving_of(policy=Deepest(), choose=EXPLORING, phase="apprentice")
    return in_phase(serving, phase, PhaseSettings.model_validate(settings))


def draws(serving: Serving, place: float, seed: int = 0, asker: Asker | None = None) -> tuple[Chosen, list[str]]:
    request = replace(request_of("products"), asker=asker or Asker())
    side, broken = serving.of(place), list[str]()
    query = side.analyze(request)
    return side.draw(query, side.propose(query, broken.append), seed, lambda: broken.append("policy")), broken


def depths(chosen: Chosen) -> dict[str, int]:
    return {s.slot.plan: s.depth for s in chosen.draw.slots}


SAFE = dict.fromkeys(("original", "lexical"), 50)


def test_people_stand_where_they_stand_and_spread_evenly() -> None:
    assert [place_of("secret", "products", person) for person in PEOPLE[:50]] == PLACES[:50]
    assert [place_of("other", "products", person) for person in PEOPLE[:50]] != PLACES[:50]
    assert [place_of("secret", "books", person) for person in PEOPLE[:50]] != PLACES[:50]
    for share in (0.1, 0.5, 0.95):
        assert sum(place < share for place in PLACES) / len(PLACES) == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_lets_the_policy_decide_for_its_share_of_people(phase: PhaseName) -> None:
    serving = learned(phase, share=0.2, control_share=0.1)
    groups = [draws(serving, place)[0].group for place in PLACES[:500]]
    expected = {"shadow": 0.0, "apprentice": 1.0, "share": 0.2, "live": 0.9}[phase]
    assert groups.count(POLICY) / len(groups) == pytest.approx(expected, abs=0.06)
    assert set(groups) <= {POLICY, CONTROL}


def test_who_is_let_in_stays_in_as_the_share_grows() -> None:
    shares = [share_of(phase, PhaseSettings()) for phase in ("shadow", "share", "live")]
    assert shares == sorted(shares)


@pytest.mark.parametrize("phase", ["shadow", "share", "live"])
def test_the_control_group_gets_the_safe_plan_to_the_letter(phase: PhaseName) -> None:
    serving = learned(phase)
    for seed in range(200):
        chosen, _ = draws(serving, 0.9999, seed)
        assert (chosen.group, depths(chosen)) == (CONTROL, SAFE)
        assert all(s.probability == 1.0 for s in chosen.draw.slots), "no exploration"
    control = serving.of(0.9999).choose
    assert (control.floor, control.fresh_share, control.near_share) == (0, 0, 0)


def test_the_control_group_may_be_the_clients_own_query_alone() -> None:
    serving = learned("share", control="own_query")
    chosen, _ = draws(serving, 0.9999)
    assert depths(chosen) == {"original": 50, "lexical": 0}
    assert serving.of(0.9999).ranker is None
    assert draws(serving, 0.0)[0].group == POLICY


def test_in_the_shadow_the_policy_draws_beside() -> None:
    chosen, _ = draws(learned("shadow"), 0.0)
    assert (depths(chosen), chosen.draw.policy, chosen.group) == (SAFE, "fixed", CONTROL)
    assert chosen.shadow == (200, 200)
    assert draws(learned("live"), 0.9999)[0].shadow == ()


@pytest.mark.parametrize(
    "answer",
    [
        raises,
        lambda _: (float("nan"),) * 4,
        lambda _: (0.0, -1.0, 2.0, 0.0),
        lambda _: (1.0,),
        lambda _: (0.0,) * 4,
        lambda _: (float("inf"), 0.0, 0.0, 0.0),
    ],
    ids=["raises", "NaN", "negative", "short", "zero", "infinite"],
)
@pytest.mark.parametrize("phase", PHASES)
def test_a_broken_policy_gives_way_to_the_safe_plan(
    answer: Callable[[Slot], tuple[float, ...]], phase: PhaseName
) -> None:
    serving = in_phase(serving_of(policy=Broken(answer), choose=EXPLORING, phase="apprentice"), phase, PhaseSettings())
    chosen, broken = draws(serving, 0.0)
    assert (chosen.group, depths(chosen), broken) == (FAILED, SAFE, ["policy"])
    assert all(s.probability == 1.0 for s in chosen.draw.slots)


def test_before_anything_is_learned_there_is_nothing_to_look_on() -> None:
    for phase in PHASES:
        serving = in_phase(serving_of(), phase, PhaseSettings())
        assert (serving.phase, serving.of(0.99).phase) == (COLD, COLD)
        chosen, _ = draws(serving, 0.0)
        assert (depths(chosen), chosen.shadow) == (SAFE, ())


def test_what_serves_is_made_anew_when_the_phase_or_the_release_changes() -> None:
    phase: list[PhaseName] = ["shadow"]
    serving = [serving_of(policy=Deepest(), phase="apprentice")]
    served = InPhases(lambda _: serving[0], lambda _: phase[0], PhaseSettings())
    first = served("products")
    assert served("products") is first
    phase[0] = "live"
    assert served("products").phase == "live"
    serving[0] = replace(serving[0], policy=Fixed(10))
    assert served("products").policy.name == "fixed"
