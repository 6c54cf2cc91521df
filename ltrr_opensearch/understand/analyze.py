"""Understanding a query before anything is asked: pure, without a vector; docs/understanding.md has its time."""

from __future__ import annotations

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.normalise import tokenize
from ltrr_opensearch.types import AnalyzedQuery, SearchRequest
from ltrr_opensearch.understand.hypotheses import reranked
from ltrr_opensearch.understand.language import guess_language
from ltrr_opensearch.understand.readings import readings
from ltrr_opensearch.understand.recognise import SlotFields, recognise

MAX_TOKENS = 64
"""A longer text is a document; slots and memory look at its beginning only."""


def analyze(
    request: SearchRequest, knowledge: Knowledge, index: IndexSettings, fields: SlotFields | None = None
) -> AnalyzedQuery:
    """`fields`: those of the index and its gazetteer, for who has made them already."""
    tokens = tokenize(request.text)[:MAX_TOKENS]
    normalized = " ".join(tokens)
    language = guess_language(tokens)
    known = fields or SlotFields.of(index, knowledge.gazetteer)
    slots = recognise(request.text, tokens, language, known, knowledge.gazetteer)
    found = readings(tokens, slots, entities=known.entities, memberships=known.memberships)
    return AnalyzedQuery(
        request=request,
        normalized=normalized,
        tokens=tokens,
        language=language,
        readings=reranked(found, request, normalized, knowledge.readings),
        remembered=knowledge.memory.near(normalized, None) if normalized else (),
    )
