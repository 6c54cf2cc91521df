"""The distinct interpretations of an utterance: hypotheses that say the same are one claim with several backers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ltrr_opensearch.hypotheses.values import Hypothesis, Truth, Utterance

Filled = frozenset[tuple[str, str]]
"""(name, value) of slots; values as they are spelled in lower case."""


@dataclass(frozen=True, slots=True)
class Claim:
    domain: str
    intent: str
    slots: Filled
    backers: tuple[Hypothesis, ...]
    """The first of each system, in the order of the utterance."""

    @property
    def meant(self) -> tuple[str, str]:
        return self.domain, self.intent


def claims(utterance: Utterance) -> tuple[Claim, ...]:
    """In the order in which they first appear."""
    found: dict[tuple[str, str, Filled], dict[str, Hypothesis]] = {}
    for one in utterance.hypotheses:
        found.setdefault((one.domain, one.intent, filled(one)), {}).setdefault(one.system, one)
    return tuple(Claim(*said, tuple(by.values())) for said, by in found.items())


def filled(one: Hypothesis | Truth) -> Filled:
    return frozenset((slot.name, " ".join(slot.value.lower().split())) for slot in one.slots)


def firsts(utterance: Utterance) -> Mapping[str, Hypothesis]:
    """What each system is surest of; of equals what it said first."""
    best: dict[str, Hypothesis] = {}
    for one in utterance.hypotheses:
        if one.system not in best or confidence_of(one) > confidence_of(best[one.system]):
            best[one.system] = one
    return best


def confidence_of(one: Hypothesis) -> float:
    """The product of all confidences that the system gave."""
    sure = 1.0
    for given in (one.domain_confidence, one.intent_confidence, *(slot.confidence for slot in one.slots)):
        sure *= 1.0 if given is None else given
    return sure
