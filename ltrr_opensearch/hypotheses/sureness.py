"""How sure systems are of a claim, alone and beside its rivals, as logarithms.

Weights of 1 would multiply the confidences, which is the order that there is without learning. How far a claim is
ahead of the surest rival says more than the number alone, whatever scale the system has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log

from ltrr_opensearch.hypotheses.claims import Claim

LEAST = 1e-4
"""A confidence below this says no more than this."""
FAR = 5.0
"""Further ahead or behind than this, in logarithms, says no more."""


def sureness_of(claims: Sequence[Claim]) -> list[list[tuple[str, float]]]:
    """Features of each claim."""
    numbers = [dict(_numbers(claim)) for claim in claims]
    return [list(_told(i, claims, numbers)) for i in range(len(claims))]


def _told(i: int, claims: Sequence[Claim], numbers: Sequence[dict[str, float]]) -> Iterator[tuple[str, float]]:
    intent = claims[i].intent
    for name, value in numbers[i].items():
        yield name, value
        yield f"{name}|{intent}", value / 2
        rivals = [n[name] for n, c in zip(numbers, claims, strict=True) if name in n and c.meant != claims[i].meant]
        if rivals:
            ahead = min(max(value - max(rivals), -FAR), FAR)
            yield f"{name},ahead", ahead
            yield f"{name},first", float(ahead > 0)


def _numbers(claim: Claim) -> Iterator[tuple[str, float]]:
    for one in claim.backers:
        if one.domain_confidence is not None:
            yield f"domain_confidence:{one.system}", _log(one.domain_confidence)
        if one.intent_confidence is not None:
            yield f"intent_confidence:{one.system}", _log(one.intent_confidence)
        slots = [_log(slot.confidence) for slot in one.slots if slot.confidence is not None]
        if slots:
            yield f"slot_confidence:{one.system}", sum(slots)
            yield f"least_slot_confidence:{one.system}", min(slots)
    for name in sorted({name for one in claim.backers for name in one.evidence}):
        yield f"evidence:{name}", max(one.evidence[name] for one in claim.backers if name in one.evidence)


def _log(confidence: float) -> float:
    return log(max(confidence, LEAST))
