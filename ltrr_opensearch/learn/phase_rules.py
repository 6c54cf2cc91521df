"""When an index moves to another phase: thresholds to go up by one, guardrails to fall to the most careful. Pure.

A guardrail breaks when harm is proven, by an interval that is valid at any look, and each gets its part of
`phases.alpha`. A move up needs proof of the contrary. Too little to tell is never a reason to move; it is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from ltrr_opensearch.evaluate.clustered import Cells, difference
from ltrr_opensearch.evaluate.intervals import Interval
from ltrr_opensearch.evaluate.sequential import margins
from ltrr_opensearch.learn.evidence import Evidence, Group
from ltrr_opensearch.phase_settings import PHASES, PhaseName, PhaseSettings
from ltrr_opensearch.release.phases import PhaseState
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

GUARDRAILS = 4
"""Reward, latency, empty results, failures: each may err with a quarter of `phases.alpha`."""
SLOW = 0.05
"""The slowest searches, beyond the 95th percentile."""
COMPARED = ("share", "live")
"""Phases with a control group."""


@dataclass(frozen=True, slots=True)
class Verdict:
    broken: tuple[str, ...]
    """Guardrails that broke, in words."""
    missing: tuple[str, ...]
    """What lacks before a move up; empty in the last phase as well."""
    blind: tuple[str, ...]
    """What guardrails cannot see."""
    figures: Json


def judge(state: PhaseState, evidence: Evidence, settings: Settings, now: datetime) -> Verdict:
    phase, rules = state.phase, settings.phases
    broken = () if phase == "shadow" else tuple(_broken(phase, evidence, rules))
    missing = tuple(_missing(state, evidence, settings, now))
    return Verdict(broken, missing, tuple(_blind(phase, evidence, rules)), figures(phase, evidence, rules))


def next_phase(phase: PhaseName) -> PhaseName | None:
    above = PHASES[PHASES.index(phase) + 1 :]
    return above[0] if above else None


def advantage(phase: PhaseName, evidence: Evidence, rules: PhaseSettings) -> Interval | None:
    """How much better the policy is than what it is compared with, in the reward of a search; None of too few."""
    alpha = rules.alpha / GUARDRAILS
    ours, theirs = evidence.policy.worth, evidence.control.worth
    if phase in COMPARED:
        return difference(ours, theirs, alpha) if _enough(ours, rules) and _enough(theirs, rules) else None
    return evidence.advantage.interval(alpha) if _enough(evidence.advantage, rules) else None


def figures(phase: PhaseName, evidence: Evidence, rules: PhaseSettings) -> Json:
    """What was measured, for people and for the record of a move."""
    found: Json = {}
    for name, group in (("policy", evidence.policy), ("control", evidence.control)):
        if group.empty.count:
            found |= {f"{name}_{k}": v for k, v in _figures(group).items()}
    if phase == "shadow":
        found["agreement"] = round(evidence.agreement, 4)
    if phase == "apprentice":
        found["effective_sample"] = round(evidence.effective, 1)
    if gap := advantage(phase, evidence, rules):
        found |= {"advantage_low": round(gap.low, 4), "advantage_high": round(gap.high, 4)}
    return found


def _figures(group: Group) -> Json:
    return {
        "searches": group.empty.count,
        "judged": group.worth.count,
        "clicked": group.clicked,
        "people_at_least": group.empty.people,
        "worth": round(group.worth.mean, 4),
        "p95_ms": round(group.within_ms(1 - SLOW), 1),
        "empty": round(group.empty.mean, 4),
        "failed": round(group.failed.mean, 4),
        "explored": round(group.explored / group.empty.count, 4),
    }


def _broken(phase: PhaseName, evidence: Evidence, rules: PhaseSettings) -> Iterator[str]:
    alpha = rules.alpha / GUARDRAILS
    ours, theirs = evidence.policy, evidence.control
    gap = advantage(phase, evidence, rules)
    if gap and gap.high < -rules.margin:
        yield (
            f"reward: a search is worth {-gap.high:.4f} to {-gap.low:.4f} less than without the policy, more than "
            f"phases.margin {rules.margin:g}"
        )
    if _enough(ours.failed, rules) and (least := ours.failed.interval(alpha).low) > rules.failed_share:
        yield f"failures: the policy cannot decide over {least:.2%} of its searches (phases.failed_share); see the log"
    if phase not in COMPARED or not (_enough(ours.empty, rules) and _enough(theirs.empty, rules)):
        return
    if (more := difference(ours.empty, theirs.empty, alpha).low) > rules.empty_margin:
        yield (
            f"empty results: {ours.empty.mean:.2%} of searches find nothing, in the control group "
            f"{theirs.empty.mean:.2%}: at least {more:.2%} more (phases.empty_margin {rules.empty_margin:g})"
        )
    usual = theirs.within_ms(1 - SLOW)
    if _slower(ours, rules.latency_ratio * usual, alpha):
        yield (
            f"latency: 95 % of searches take up to {ours.within_ms(1 - SLOW):.0f} ms, in the control group "
            f"{usual:.0f} ms: over phases.latency_ratio {rules.latency_ratio:g} times as long"
        )


def _slower(group: Group, than_ms: float, alpha: float) -> bool:
    """Whether more than the slowest twentieth surely takes longer than that."""
    count = group.times.sum()
    share = group.slower(than_ms) / count
    return bool(share - sqrt(share * (1 - share) / count) * margins(count, alpha) > SLOW)


def _missing(state: PhaseState, evidence: Evidence, settings: Settings, now: datetime) -> Iterator[str]:
    phase, rules = state.phase, settings.phases
    if next_phase(phase) is None:
        return
    if state.held is not None:
        yield f"held: {state.held}"
    if (fell := _fell(state)) and now < (again := fell + timedelta(hours=rules.wait_h)):
        yield f"time: a guardrail broke, so not before {again:%Y-%m-%d %H:%M} UTC (phases.wait_h {rules.wait_h:g})"
    yield from _too_few(phase, evidence, rules)
    if phase == "shadow" and evidence.agreement < rules.agreement:
        yield f"agreement: {evidence.agreement:.3f}, below phases.agreement {rules.agreement:g}"
    if phase == "apprentice" and evidence.effective < settings.learn.min_effective:
        yield (
            f"support: the log shows the safe plan as {evidence.effective:.0f} searches would, fewer than "
            f"learn.min_effective {settings.learn.min_effective:g}"
        )
    gap = advantage(phase, evidence, rules)
    if gap is None:
        yield f"evidence: under phases.least_searches {rules.least_searches} or least_people {rules.least_people}"
    elif gap.low <= (least := _least(phase, rules) * _worth(phase, evidence)):
        name = "phases.least_gain" if phase in COMPARED else "-phases.most_loss"
        yield (
            f"gain: its lower bound is {gap.low:+.4f}, not above {least:+.4f}, which is {name} "
            f"{abs(_least(phase, rules)):g} of what a search is worth"
        )
    failed = (evidence.control if phase == "shadow" else evidence.policy).failed
    if failed.mean > rules.failed_share:
        yield f"failures: the policy failed to decide {failed.mean:.2%} of searches, over phases.failed_share"


def _least(phase: PhaseName, rules: PhaseSettings) -> float:
    """A share of a search's worth: what serves nobody, or mixed with the safe plan, may be a little worse than that."""
    return rules.least_gain if phase in COMPARED else -rules.most_loss


def _worth(phase: PhaseName, evidence: Evidence) -> float:
    """What a search is worth that the policy does not decide, or any where it decides for all; of losses no share."""
    group = evidence.policy if phase == "apprentice" else evidence.control
    return max(0.0, group.worth.mean)


def _too_few(phase: PhaseName, evidence: Evidence, rules: PhaseSettings) -> Iterator[str]:
    needed = getattr(rules, f"{phase}_clicked")
    clicked = {"searches": evidence.policy.clicked + evidence.control.clicked}
    if phase in COMPARED:
        clicked = {"policy's searches": evidence.policy.clicked, "control's searches": evidence.control.clicked}
    for whose, count in clicked.items():
        if count < needed:
            yield f"{whose} with a gain: {count} of phases.{phase}_clicked {needed}"


def _blind(phase: PhaseName, evidence: Evidence, rules: PhaseSettings) -> Iterator[str]:
    if phase == "live" and rules.control_share == 0:
        yield "no control group (phases.control_share is 0): only failures of the policy are seen"
    elif phase in COMPARED and advantage(phase, evidence, rules) is None:
        yield (
            f"too little yet to compare: {evidence.policy.worth.count} searches decided by the policy, "
            f"{evidence.control.worth.count} in the control group"
        )


def _fell(state: PhaseState) -> datetime | None:
    last = state.moves[-1] if state.moves else None
    falls = [move.at for move in state.moves if move.by == "guardrail"]
    return falls[-1] if falls and last and last.by != "operator" else None


def _enough(cells: Cells, rules: PhaseSettings) -> bool:
    return cells.count >= rules.least_searches and cells.people >= rules.least_people
