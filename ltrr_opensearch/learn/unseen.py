"""A search as it would have been, had nobody asked its query before: what a policy must learn for new queries.

Traffic is mostly repeats, and for repeats the memory finds nearly all; a policy that sees only these never learns what
the other plans are worth without it. Leaving the memory out is an action that the log shows, since not asking nests in
asking. Pure.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter

from ltrr_opensearch.candidate_columns import named
from ltrr_opensearch.logged import CandidateRecord, Decision, Round, SlotRecord
from ltrr_opensearch.types import Features

SOURCE = "memory"
_OF_DECISION = attrgetter(*Decision.__match_args__)
"""All fields in their order: `replace` takes twice as long, and each search is learned anew."""
_CONTEXT, _SLOTS, _CANDIDATES = map(Decision.__match_args__.index, ("context", "slots", "candidates"))
KNOWN = ("memory_", "query_")
"""Prefixes of the features that tell of earlier searches for this query or one near it."""


def as_new(one: Round) -> Round | None:
    """The round without its memory: no such plan, no such features; None where nothing was known of the query.

    Of its candidates only those acted upon are left, since labels tell of no others.
    """
    decision = one.decision
    context = _without(decision.context)
    if context is decision.context:
        # it was new, or cannot be told from one that was
        return None
    forgotten = {s.plan for s in decision.slots if s.source == SOURCE}
    slots = tuple([_unknown(s) for s in decision.slots if s.plan not in forgotten])
    acted = named(decision.candidates, one.gains) if one.gains else []
    candidates = tuple([_unfound(c, forgotten) for c in acted])
    told = list(_OF_DECISION(decision))
    told[_CONTEXT], told[_SLOTS], told[_CANDIDATES] = context, slots, candidates
    return Round(Decision(*told), one.gains, one.loss, one.failed)


def _unknown(slot: SlotRecord) -> SlotRecord:
    action = _without(slot.action)
    return slot if action is slot.action else slot._replace(action=action)


def _without(features: Features) -> Features:
    """The very features where nothing was known, which then are handed over but once (`choose.vowpal`)."""
    kept = _unknowing(tuple(features))
    return features if len(kept) == len(features) else {name: features[name] for name in kept}


@lru_cache(maxsize=4096)
def _unknowing(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([name for name in names if not name.startswith(KNOWN)])


def _unfound(candidate: CandidateRecord, plans: set[str]) -> CandidateRecord:
    return candidate._replace(found=tuple(f for f in candidate.found if f.plan not in plans))
