"""Readings of a query as hypotheses, and back: one re-ranker orders what we recognise and what others say.

The domain of a reading is the index; its intent is the set of fields that it fills and of types that it names. Where
the domain has published weights the likelihoods of its readings are replaced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import replace

from ltrr_opensearch.hypotheses.claims import Filled, filled
from ltrr_opensearch.hypotheses.rerank import Reranker
from ltrr_opensearch.hypotheses.values import Context, Hypothesis, Slot, Utterance
from ltrr_opensearch.local_time import local_time
from ltrr_opensearch.types import NAME, Reading, SearchRequest, SlotValue

SYSTEM = "recogniser"
NOTHING = "text"
"""Intent of a reading that fills no slot."""
WORDS_LEFT, WORDS_COVERED = "words_left", "words_covered"


def reranked(readings: Sequence[Reading], request: SearchRequest, text: str, reranker: Reranker) -> tuple[Reading, ...]:
    """The likeliest first. Likelihoods that sum to more than 1 are scaled, since but one reading is meant.

    Readings that claim the same of other words share its likelihood as they did before.
    """
    if not readings or reranker.home not in reranker.domains:
        return tuple(readings)
    order = reranker.rerank(utterance_of(readings, request, text, reranker.home))
    likelihood = {one.claim.slots: one.likelihood for one in order}
    shared = _shared(readings)
    claims = [filled(_hypothesis(reading, "", shared)) for reading in readings]
    before: dict[Filled, float] = defaultdict(float)
    for reading, claim in zip(readings, claims, strict=True):
        before[claim] += reading.likelihood
    told = [likelihood[c] * r.likelihood / (before[c] or 1.0) for r, c in zip(readings, claims, strict=True)]
    scale = max(sum(told), 1.0)
    found = [replace(reading, likelihood=said / scale) for reading, said in zip(readings, told, strict=True)]
    return tuple(sorted(found, key=lambda reading: -reading.likelihood))


def utterance_of(readings: Sequence[Reading], request: SearchRequest, text: str, domain: str) -> Utterance:
    shared = _shared(readings)
    hypotheses = tuple(_hypothesis(reading, domain, shared) for reading in readings)
    return Utterance(request.query_id, hypotheses, text, _context(request))


def _hypothesis(reading: Reading, domain: str, shared: Container[str]) -> Hypothesis:
    slots = tuple(Slot(slot.about, _said(slot, shared), min(max(slot.confidence, 0.0), 1.0)) for slot in reading.slots)
    intent = "+".join(sorted({slot.name for slot in slots})) or NOTHING
    covered = sum(slot.end - slot.start for slot in reading.slots)
    words = {WORDS_LEFT: float(len(reading.residual.split())), WORDS_COVERED: float(covered)}
    return Hypothesis(SYSTEM, domain, intent, slots, intent_confidence=reading.likelihood, evidence=words)


def _shared(readings: Sequence[Reading]) -> set[str]:
    """What is a field of one reading and a type of what another names: "genre"."""
    slots = [slot for reading in readings for slot in reading.slots]
    return {s.about for s in slots if s.kind == NAME} & {s.about for s in slots if s.kind != NAME}


def _said(slot: SlotValue, shared: Container[str]) -> str:
    """What is not wanted is another claim than what is; so is the genre called rock, and what has rock as its genre."""
    value = f"{slot.entity} called {slot.value}" if slot.kind == NAME and slot.about in shared else slot.value
    return f"not {value}" if slot.negated else value


def _context(request: SearchRequest) -> Context:
    asker = request.asker
    clock, known = local_time(request.at, asker)
    return Context(asker.device, asker.locale, clock.hour if known else None)
