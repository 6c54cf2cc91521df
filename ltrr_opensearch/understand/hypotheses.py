"""Readings of a query as hypotheses, and back: one re-ranker orders what we recognise and what others say.

The domain of a reading is the index; its intent is the set of fields that it fills and of types that it names. Where
the domain has published weights the likelihoods of its readings are replaced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ltrr_opensearch.hypotheses.claims import Filled, filled
from ltrr_opensearch.hypotheses.rerank import Reranker
from ltrr_opensearch.hypotheses.values import Context, Hypothesis, Slot, Utterance
from ltrr_opensearch.local_time import local_time
from ltrr_opensearch.types import Reading, SearchRequest, SlotValue

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
    claims = [_filled(reading) for reading in readings]
    before: dict[Filled, float] = defaultdict(float)
    for reading, claim in zip(readings, claims, strict=True):
        before[claim] += reading.likelihood
    told = [likelihood[c] * r.likelihood / (before[c] or 1.0) for r, c in zip(readings, claims, strict=True)]
    scale = max(sum(told), 1.0)
    found = [replace(reading, likelihood=said / scale) for reading, said in zip(readings, told, strict=True)]
    return tuple(sorted(found, key=lambda reading: -reading.likelihood))


def utterance_of(readings: Sequence[Reading], request: SearchRequest, text: str, domain: str) -> Utterance:
    hypotheses = tuple(_hypothesis(reading, domain) for reading in readings)
    return Utterance(request.query_id, hypotheses, text, _context(request))


def _hypothesis(reading: Reading, domain: str) -> Hypothesis:
    slots = tuple(Slot(slot.about, _said(slot), min(max(slot.confidence, 0.0), 1.0)) for slot in reading.slots)
    intent = "+".join(sorted({slot.name for slot in slots})) or NOTHING
    covered = sum(slot.end - slot.start for slot in reading.slots)
    words = {WORDS_LEFT: float(len(reading.residual.split())), WORDS_COVERED: float(covered)}
    return Hypothesis(SYSTEM, domain, intent, slots, intent_confidence=reading.likelihood, evidence=words)


def _said(slot: SlotValue) -> str:
    """What is not wanted is another claim than what is."""
    return f"not {slot.value}" if slot.negated else slot.value


def _filled(reading: Reading) -> Filled:
    return filled(_hypothesis(reading, ""))


def _context(request: SearchRequest) -> Context:
    asker = request.asker
    clock, known = local_time(request.at, asker)
    return Context(asker.device, asker.locale, clock.hour if known else None)
