"""Moves over many simulated shops: harmless policies stay, harmful ones fall, and too little data moves nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from ltrr_opensearch.evaluate.clustered import BUCKETS, Cells
from ltrr_opensearch.learn.evidence import CLASSES, Evidence, Group
from ltrr_opensearch.learn.phase_rules import judge, next_phase
from ltrr_opensearch.phase_settings import PhaseName
from ltrr_opensearch.release.phases import Move, PhaseState
from ltrr_opensearch.settings import Settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LOOK, SEARCHES, PEOPLE = 100, 3000, 1500
EVERYBODY = np.arange(1000) % BUCKETS


def with_phases(**phases: Any) -> Settings:
    return Settings.model_validate({"phases": phases})


def group(worth: Cells, **changes: Any) -> Group:
    nothing = Cells(worth.counts, np.zeros(BUCKETS))
    times = np.zeros(CLASSES)
    times[30] = worth.count
    return replace(Group(worth=worth, clicked=worth.count, empty=nothing, failed=nothing, times=times), **changes)


def even(value: float, count: int = 1000) -> Cells:
    """Searches of many people, half of them worth twice `value`."""
    return Cells().plus(EVERYBODY[:count].tolist(), [2 * value * (n % 2) for n in range(count)])


def broken_after(seed: int, drop: float, settings: Settings) -> int | None:
    """The searches after which a guardrail broke: people click as often as they like, half of them get the policy."""
    chance = np.random.default_rng(seed)
    taste = chance.beta(4, 4, PEOPLE)
    ours = chance.random(PEOPLE) < 0.5
    who = chance.integers(PEOPLE, size=SEARCHES)
    clicks = chance.random(SEARCHES) < taste[who] * np.where(ours[who], 1 - drop, 1)
    policy, control = Cells(), Cells()
    for start in range(0, SEARCHES, LOOK):
        now, worth = who[start : start + LOOK], 0.5 * clicks[start : start + LOOK]
        at, by_policy = now % BUCKETS, ours[now]
        policy = policy.plus(at[by_policy].tolist(), worth[by_policy].tolist())
        control = control.plus(at[~by_policy].tolist(), worth[~by_policy].tolist())
        evidence = Evidence(policy=group(policy), control=group(control))
        if judge(PhaseState("share"), evidence, settings, NOW).broken:
            return start + LOOK
    return None


def test_a_harmless_policy_is_seldom_called_harmful() -> None:
    """At every look, with no margin for error."""
    settings = with_phases(margin=0)
    alarms = sum(broken_after(seed, 0.0, settings) is not None for seed in range(100))
    assert alarms <= settings.phases.alpha * 100


def test_half_of_the_clicks_gone_is_noticed_within_a_thousand_searches() -> None:
    after = [broken_after(seed, 0.5, Settings()) for seed in range(60)]
    assert all(n is not None and n <= 1000 for n in after), after


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"failed": even(0.05)}, "failures"),
        ({"empty": even(0.1)}, "empty results"),
        ({"times": np.eye(1, CLASSES, 60)[0] * 1000}, "latency"),
    ],
)
def test_each_guardrail_breaks_by_itself(changes: dict[str, Any], says: str) -> None:
    evidence = Evidence(policy=group(even(0.2), **changes), control=group(even(0.2)))
    verdict = judge(PhaseState("live"), evidence, Settings(), NOW)
    assert [one.partition(":")[0] for one in verdict.broken] == [says]
    sound = Evidence(policy=group(even(0.2)), control=group(even(0.2)))
    assert judge(PhaseState("live"), sound, Settings(), NOW).broken == ()


@pytest.mark.parametrize("phase", ["shadow", "apprentice", "share", "live"])
def test_too_little_moves_nobody_and_is_said(phase: PhaseName) -> None:
    few = Evidence(policy=group(even(0.0, 100)), control=group(even(0.4, 100)), advantage=even(-0.4, 100))
    verdict = judge(PhaseState(phase), few, Settings(), NOW)
    assert verdict.broken == ()
    assert bool(verdict.missing) == (next_phase(phase) is not None)
    if phase in ("share", "live"):
        assert "100 searches decided by the policy" in verdict.blind[0]


SURE = {
    "shadow": Evidence(control=group(even(0.2)), advantage=even(0.02), found=100.0, held=95.0),
    "apprentice": Evidence(policy=group(even(0.2)), advantage=even(0.02), weights=900.0, squares=1000.0),
    "share": Evidence(policy=group(even(0.3)), control=group(even(0.2))),
}
ENOUGH = with_phases(shadow_clicked=500, apprentice_clicked=500, share_clicked=500)


@pytest.mark.parametrize("phase", list(SURE))
def test_up_when_every_threshold_is_reached(phase: PhaseName) -> None:
    assert judge(PhaseState(phase), SURE[phase], ENOUGH, NOW).missing == ()


@pytest.mark.parametrize(
    ("phase", "changes", "state", "lacks"),
    [
        ("shadow", {"held": 80.0}, {}, "agreement: 0.800, below phases.agreement 0.9"),
        ("shadow", {"advantage": even(-0.05)}, {}, "gain: its lower bound"),
        ("shadow", {"control": group(even(0.2), failed=even(0.05))}, {}, "failures: the policy failed"),
        ("apprentice", {"squares": 100_000.0}, {}, "support: the log shows the safe plan as 8 searches"),
        ("share", {"policy": group(even(0.3), clicked=499)}, {}, "policy's searches with a gain: 499"),
        ("apprentice", {"advantage": even(-0.01)}, {}, "gain: its lower bound"),
        ("share", {"policy": group(even(0.2))}, {}, "gain: its lower bound"),
        ("share", {}, {"held": "sale"}, "held: sale"),
    ],
)
def test_what_lacks_is_said(phase: PhaseName, changes: dict[str, Any], state: dict[str, Any], lacks: str) -> None:
    missing = judge(PhaseState(phase, **state), replace(SURE[phase], **changes), ENOUGH, NOW).missing
    assert len(missing) == 1
    assert missing[0].startswith(lacks)


def test_a_loss_is_a_share_of_what_a_search_is_worth_and_none_goes_live() -> None:
    """The same of searches that are worth little and much."""
    for worth in (0.02, 0.5):
        even_gap = Cells().plus(EVERYBODY.tolist(), [worth / 30 * (-1) ** n for n in range(1000)])
        looking_on = replace(SURE["shadow"], control=group(even(worth)), advantage=even_gap)
        verdict = judge(PhaseState("shadow"), looking_on, ENOUGH, NOW)
        assert -0.02 * worth < verdict.figures["advantage_low"] < 0
        assert verdict.missing == ()
    good, better = group(even(0.21, 1000)), group(even(0.3))
    for policy, passes in ((good, False), (better, True)):
        evidence = Evidence(policy=policy, control=group(even(0.2)))
        assert (judge(PhaseState("share"), evidence, ENOUGH, NOW).missing == ()) == passes
    demanding = with_phases(share_clicked=500, least_gain=0.5)
    assert "phases.least_gain 0.5 of" in judge(PhaseState("share"), SURE["share"], demanding, NOW).missing[0]
    with pytest.raises(ValueError, match="least_gain"):
        with_phases(least_gain=-0.01)


def test_after_a_fall_it_waits() -> None:
    fell = PhaseState("shadow", moves=(Move(NOW, "live", "shadow", "guardrail", "reward"),))
    soon, later = NOW + timedelta(hours=23), NOW + timedelta(hours=25)
    assert judge(fell, SURE["shadow"], ENOUGH, soon).missing[0].startswith("time: a guardrail broke")
    assert judge(fell, SURE["shadow"], ENOUGH, later).missing == ()
    put_there = replace(fell, moves=(*fell.moves, Move(NOW, "shadow", "apprentice", "operator", "mended")))
    assert judge(put_there, SURE["shadow"], ENOUGH, soon).missing == ()


def test_without_a_control_group_it_is_blind_and_says_so() -> None:
    alone = Evidence(policy=group(even(0.2)))
    verdict = judge(PhaseState("live"), alone, with_phases(control_share=0), NOW)
    assert verdict.blind == ("no control group (phases.control_share is 0): only failures of the policy are seen",)


def test_evidence_comes_back_as_it_was() -> None:
    stored = SURE["share"].to_json()
    assert Evidence.from_json(stored).to_json() == stored
    assert Evidence.from_json({}).to_json() == Evidence().to_json()
