"""What speaks for a claim, as sparse named numbers of a log-linear model.

Of each claim: who backs it and who backs its rivals, how sure they are, how its slots stand among all systems' slots,
the words, and the context. What depends on the intent is crossed with it (`name|intent`), so that a domain learns that
one system is to be believed about timers and not about alarms. Pure, a few microseconds a feature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import chain

from ltrr_opensearch.hypotheses.claims import Claim, claims, filled, firsts
from ltrr_opensearch.hypotheses.sureness import sureness_of
from ltrr_opensearch.hypotheses.values import Hypothesis, Utterance
from ltrr_opensearch.types import Features

BIAS = "bias"
RARE = 0.5
"""Of what is seen seldom (words, pairs of intents), against 1 for the rest: it is regularised four times as much."""
HOURS = 6
"""In one part of the day."""


class Level(StrEnum):
    """What a claim must have right to count as true."""

    INTENT = "intent"
    WHOLE = "whole"
    """Its intent and all of its slots."""


Told = tuple[tuple[Claim, Features], ...]
"""Claims, in the order in which they first appear, each with what speaks for it."""


def told(utterance: Utterance, level: Level) -> Told:
    """For `Level.INTENT`, claims that differ in their slots alone are one, without slots."""
    found = claims(utterance if level is Level.WHOLE else _without_slots(utterance))
    first = firsts(utterance)
    words, context = sorted(_words(utterance)), tuple(_context(utterance))
    slots = _slots if level is Level.WHOLE else _filled
    return tuple(
        (claim, summed(chain(_said(claim, words, context), _votes(claim, first), slots(claim, first), sure)))
        for claim, sure in zip(found, sureness_of(found), strict=True)
    )


def _without_slots(utterance: Utterance) -> Utterance:
    return replace(utterance, hypotheses=tuple(replace(one, slots=()) for one in utterance.hypotheses))


def summed(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Two slots of one name are told twice."""
    found: dict[str, float] = {}
    for name, value in pairs:
        found[name] = found.get(name, 0.0) + value
    return found


def _said(claim: Claim, words: Sequence[str], context: Sequence[str]) -> Iterator[tuple[str, float]]:
    yield BIAS, 1.0
    yield f"intent={claim.intent}", 1.0
    for what in context:
        yield f"{what}|{claim.intent}", 1.0
    for word in words:
        yield f"word={word}", RARE
        yield f"word={word}|{claim.intent}", RARE


def _votes(claim: Claim, first: Mapping[str, Hypothesis]) -> Iterator[tuple[str, float]]:
    backing = sorted(s for s, one in first.items() if (one.domain, one.intent) == claim.meant)
    others = Counter((one.domain, one.intent) for one in first.values() if (one.domain, one.intent) != claim.meant)
    votes, in_domain = len(backing), sum(one.domain == claim.domain for one in first.values())
    yield f"votes={votes},rival={max(others.values(), default=0)}", 1.0
    yield f"votes={votes}|{claim.intent}", 1.0
    yield f"votes={votes},domain={in_domain}", 1.0
    yield "by=" + "+".join(backing), 1.0
    for system in backing:
        yield f"by={system}", 1.0
        yield f"by={system}|{claim.intent}", 1.0
    for (domain, intent), count in others.items():
        yield f"said={domain}:{intent}|{claim.intent}", RARE * count
        yield f"said={domain}|{claim.intent}", RARE * count
    for system, one in first.items():
        if (one.domain, one.intent) != claim.meant:
            yield f"said={system}:{one.domain}", RARE


def _slots(claim: Claim, first: Mapping[str, Hypothesis]) -> Iterator[tuple[str, float]]:
    said = [filled(one) for one in first.values()]
    support = Counter(slot for slots in said for slot in slots)
    yield f"slots={min(len(claim.slots), 4)}", 1.0
    yield "slots_agree", sum(slots == claim.slots for slots in said) / len(said)
    for slot in sorted(claim.slots):
        yield f"slot={slot[0]}", 1.0
        yield f"slot={slot[0]},share", support[slot] / len(said)
    for slot in sorted(support.keys() - claim.slots):
        yield f"lacks={slot[0]}", 1.0
        yield f"lacks={slot[0]},share", support[slot] / len(said)


def _filled(claim: Claim, first: Mapping[str, Hypothesis]) -> Iterator[tuple[str, float]]:
    """Which slots systems fill tells of the intent, whatever their values."""
    for name, count in Counter(name for one in first.values() for name in {slot.name for slot in one.slots}).items():
        yield f"filled={name}|{claim.intent}", count / len(first)


def _context(utterance: Utterance) -> Iterator[str]:
    context = utterance.context
    if context.device:
        yield f"device={context.device}"
    if context.locale:
        yield f"locale={context.locale}"
    if context.hour is not None:
        yield f"hours={context.hour // HOURS * HOURS}"
    if context.previous_domain:
        yield f"previous={context.previous_domain}"


def _words(utterance: Utterance) -> set[str]:
    """Of the text, and of all that systems took for slots, which is the text that they heard."""
    said = [utterance.text, *(slot.value for one in utterance.hypotheses for slot in one.slots)]
    return {word for text in said for word in text.lower().split()}
