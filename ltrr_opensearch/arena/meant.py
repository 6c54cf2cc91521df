"""Which reading of a query was meant, told by what people acted upon: the clicked documents' own attributes.

A document bears a reading out where it has all that the slots say. It bears out readings with fewer slots as well, so
the one that covers most words of the query is taken, and of such the likelier. A document that lacks a field neither
has the value nor has another: it only bears out readings without that slot. Who takes a track may have meant the track
or the artist whom they named; a reading that wants documents of its very type comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ltrr_opensearch.arena.record import Template, request
from ltrr_opensearch.hypotheses.values import Truth, Utterance
from ltrr_opensearch.logged import Round
from ltrr_opensearch.plan.entities import EntityEvidence
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import NAME, Reading, SlotValue
from ltrr_opensearch.understand.hypotheses import utterance_of

Fields = Mapping[str, Sequence[object]]
"""A document's values by field, as OpenSearch's `fields` tells them."""


def utterances(
    rounds: Iterable[Round], documents: Mapping[str, Fields], serving: Serving, template: Template
) -> Iterator[Utterance]:
    """Searches that were acted upon, of a query that may mean several things, with what was meant by them.

    `serving` reads the queries; without weights of its own, so that they do not learn from themselves. A search with
    several clicked documents speaks for the reading of the best one. Searches of one query stay together.
    """
    entities = entities_of(serving)
    for one in rounds:
        decision, acted = one.decision, [id for id in one.gains if id in documents]
        if not acted or not decision.text:
            continue
        best = max(acted, key=lambda id: one.gains[id])
        asked = request(decision.text, serving.key, template, decision.query_id, decision.at, decision.asker)
        query = serving.analyze(asked)
        if len(query.readings) > 1:
            told = utterance_of(query.readings, asked, query.normalized, serving.key)
            said = told.hypotheses[meant(query.readings, documents[best], entities)]
            truth = Truth(said.domain, said.intent, said.slots)
            yield replace(told, truth=truth, group=query.normalized)


def meant(readings: Sequence[Reading], document: Fields, entities: EntityEvidence | None = None) -> int:
    """Place of the reading that the document bears out; one without slots is among them, and always is."""

    def holds(slot: SlotValue) -> bool:
        if slot.kind == NAME and entities is not None:
            return entities.concerns(slot, document) is not slot.negated
        values = document.get(slot.field, ())
        return bool(values) and any(map(slot.holds, values)) is not slot.negated

    def rank(place: int) -> tuple[int, bool, float]:
        reading = readings[place]
        covered = sum(slot.end - slot.start for slot in reading.slots)
        return covered, entities is None or entities.is_of(document, reading.entity), reading.likelihood

    return max((n for n, reading in enumerate(readings) if all(map(holds, reading.slots))), key=rank)


def entities_of(serving: Serving) -> EntityEvidence | None:
    settings = serving.index.entities
    return EntityEvidence(settings, serving.knowledge.gazetteer) if settings else None
