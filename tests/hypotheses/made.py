"""Utterances made up so that the truth is known: two domains, systems that are right in different places."""

from __future__ import annotations

import numpy as np

from ltrr_opensearch.hypotheses.values import Hypothesis, Slot, Truth, Utterance

INTENTS = {"music": ("play", "stop"), "books": ("read", "buy")}


def said(system: str, meaning: str, *slots: tuple[str, str], **more: float) -> Hypothesis:
    domain, intent = meaning.split(".")
    return Hypothesis(system, domain, intent, tuple(Slot(*slot) for slot in slots), **more)  # type: ignore[arg-type]


def made(count: int, seed: int = 0) -> list[Utterance]:
    """`careful` is right about music in 95 % and about books in 20 %, `bold` the other way about."""
    chance = np.random.default_rng(seed)
    return [_utterance(n, chance) for n in range(count)]


def _utterance(n: int, chance: np.random.Generator) -> Utterance:
    domain = ("music", "books")[n % 2]
    intent = str(chance.choice(INTENTS[domain]))
    truth = Truth(domain, intent, (Slot("title", f"t{n % 7}"),))
    sure = {"careful": 0.95 if domain == "music" else 0.2, "bold": 0.2 if domain == "music" else 0.95}
    hypotheses = tuple(_heard(system, truth, chance.random() < share, chance) for system, share in sure.items())
    return Utterance(f"u{n}", hypotheses, truth=truth, group=f"g{n // 2}")


def _heard(system: str, truth: Truth, right: bool, chance: np.random.Generator) -> Hypothesis:
    if right:
        slots = truth.slots if chance.random() < 0.8 else ()
        return Hypothesis(system, truth.domain, truth.intent, slots)
    if chance.random() < 0.2:
        other = "books" if truth.domain == "music" else "music"
        return Hypothesis(system, other, str(chance.choice(INTENTS[other])), truth.slots)
    (other,) = set(INTENTS[truth.domain]) - {truth.intent}
    return Hypothesis(system, truth.domain, other, truth.slots)
