"""A search as it would have been, had nobody asked its query before: what a policy must learn for new queries.

Traffic is mostly repeats, and for repeats the memory finds nearly all; a policy that sees only these never learns what
the other plans are worth without it. Leaving the memory out is an action that the log shows, since not asking nests in
asking. Pure.
"""

from __future__ import annotations

from dataclasses import replace

from ltrr_opensearch.logged import CandidateRecord, Round, SlotRecord
from ltrr_opensearch.types import Features

SOURCE = "memory"
KNOWN = ("memory_", "query_")
"""Prefixes of the features that tell of earlier searches for this query or one near it."""


def as_new(one: Round) -> Round | None:
    """The round without its memory: no such plan, no such features; None where nothing was known of the query.

    Of its candidates only those acted upon are left, since labels tell of no others.
    """
    decision = one.decision
    if not any(name.startswith(KNOWN) for name in decision.context):
        # it was new, or cannot be told from one that was
        return None
    forgotten = {s.plan for s in decision.slots if s.source == SOURCE}
    slots = tuple(_unknowing(s) for s in decision.slots if s.plan not in forgotten)
    candidates = tuple(_unfound(c, forgotten) for c in decision.candidates if c.key.id in one.gains)
    return replace(
        one,
        decision=replace(decision, context=_without(decision.context), slots=slots, candidates=candidates),
    )


def _unknowing(slot: SlotRecord) -> SlotRecord:
    action = _without(slot.action)
    return slot if action is slot.action else slot._replace(action=action)


def _without(features: Features) -> Features:
    if not any(name.startswith(KNOWN) for name in features):
        # the very features, which then are written but once (`choose.examples`)
        return features
    return {name: value for name, value in features.items() if not name.startswith(KNOWN)}


def _unfound(candidate: CandidateRecord, plans: set[str]) -> CandidateRecord:
    return candidate._replace(found=tuple(f for f in candidate.found if f.plan not in plans))
