"""Adds searches to the evidence of a phase. Pure.

With a control group, what people did tells both apart. Without one the log must do. In the shadow phase lists nest:
what the safe plan found tells what the shadow's draws would have found, as deep as it asked. Where the policy acts for
all, the safe plan is estimated off-policy, with the mean so far as control variate: each search's term is known when it
is added, and so the sum of the terms may be looked at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.evaluate.constant import safe_plan
from ltrr_opensearch.evaluate.estimators import LARGEST_WEIGHT
from ltrr_opensearch.evaluate.outcomes import found_gain, gained, price
from ltrr_opensearch.evaluate.table import Table
from ltrr_opensearch.evaluate.weights import nested
from ltrr_opensearch.learn.evidence import Evidence, Group, bucket
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import CONTROL, FAILED, TRIAL, Decision, Round
from ltrr_opensearch.phase_settings import PhaseName
from ltrr_opensearch.settings import Settings


def seen(evidence: Evidence, decisions: Sequence[Decision], phase: PhaseName) -> Evidence:
    """With what is known of searches at once: times, empty pages, failures of the policy.

    What an experiment decided in its place says nothing of it.
    """
    decisions = [d for d in decisions if d.group != TRIAL]
    theirs = [d for d in decisions if _is_control(d, phase)]
    ours = [d for d in decisions if not _is_control(d, phase)]
    return replace(evidence, policy=evidence.policy.seen(ours), control=evidence.control.seen(theirs))


def judged(evidence: Evidence, rounds: Sequence[Round], phase: PhaseName, settings: Settings) -> Evidence:
    """With what came of searches of the phase."""
    rounds = [r for r in rounds if r.decision.group != TRIAL]
    theirs = [r for r in rounds if _is_control(r.decision, phase)]
    ours = [r for r in rounds if not _is_control(r.decision, phase)]
    evidence = replace(evidence, policy=_worth(evidence.policy, ours), control=_worth(evidence.control, theirs))
    if phase == "shadow":
        return _looked_on(evidence, rounds, settings.learn)
    return _beside_safe(evidence, ours, settings) if phase == "apprentice" else evidence


def _is_control(decision: Decision, phase: PhaseName) -> bool:
    """A search that the policy failed to decide counts where it would have acted: while it looks on, nowhere."""
    return decision.group == CONTROL or phase == "shadow"


def _worth(group: Group, rounds: Sequence[Round]) -> Group:
    worth = group.worth.plus([bucket(r.decision) for r in rounds], [r.worth for r in rounds])
    return replace(group, worth=worth, clicked=group.clicked + sum(bool(r.gains) for r in rounds))


class _Beside(NamedTuple):
    """A search as it was, and as the shadow's draw would have made it."""

    found: float
    held: float
    saved: float
    """Price of what was drawn less that of the shadow's draw."""


def _looked_on(evidence: Evidence, rounds: Sequence[Round], learn: LearnSettings) -> Evidence:
    told = [r for r in rounds if r.decision.shadow]
    beside = [_beside(r, learn) for r in told]
    gaps = [b.held - b.found + b.saved for b in beside]
    return replace(
        evidence,
        advantage=evidence.advantage.plus([bucket(r.decision) for r in told], gaps),
        found=evidence.found + sum(b.found for b in beside),
        held=evidence.held + sum(b.held for b in beside),
    )


def _beside(one: Round, learn: LearnSettings) -> _Beside:
    slots = one.decision.slots
    shadow = dict(zip([s.plan for s in slots], one.decision.shadow, strict=True))
    objects = gained(one)
    saved = sum(price(s, s.depth, learn) - price(s, shadow[s.plan], learn) for s in slots)
    return _Beside(found_gain(objects, {s.plan: s.depth for s in slots}), found_gain(objects, shadow), saved)


def _beside_safe(evidence: Evidence, rounds: Sequence[Round], settings: Settings) -> Evidence:
    table = Table.of([r for r in rounds if r.decision.group != FAILED], settings)
    if not table.rounds:
        return evidence
    safe = safe_plan(table, settings.choose.safe_depth)
    weights = np.minimum(nested(table, safe).weights[:, -1], LARGEST_WEIGHT)
    rewards, known = table.rewards(table.drawn), evidence.advantage.count
    so_far = evidence.rewards / known if known else 0.0
    gaps = rewards - (so_far + weights * (table.rewards(safe) - so_far))
    return replace(
        evidence,
        advantage=evidence.advantage.plus([bucket(r.decision) for r in table.rounds], gaps),
        rewards=evidence.rewards + float(rewards.sum()),
        weights=evidence.weights + float(weights.sum()),
        squares=evidence.squares + float(np.square(weights).sum()),
    )
