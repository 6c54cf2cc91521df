"""Understanding a query before anything is asked: pure, without a vector, in well under a millisecond."""

from __future__ import annotations

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.normalise import tokenize
from ltrr_opensearch.types import AnalyzedQuery, SearchRequest
from ltrr_opensearch.understand.hypotheses import reranked
from ltrr_opensearch.understand.language import guess_language
from ltrr_opensearch.understand.readings import readings

MAX_TOKENS = 64
"""A longer text is a document; slots and memory look at its beginning only."""


def analyze(request: SearchRequest, knowledge: Knowledge, index: IndexSettings) -> AnalyzedQuery:
    tokens = tokenize(request.text)[:MAX_TOKENS]
    normalized = " ".join(tokens)
    slots = [s for s in knowledge.gazetteer.match(tokens) if s.field in index.slot_fields]
    return AnalyzedQuery(
        request=request,
        normalized=normalized,
        tokens=tokens,
        language=guess_language(tokens),
        readings=reranked(readings(tokens, slots), request, normalized, knowledge.readings),
        remembered=knowledge.memory.near(normalized, None) if normalized else (),
    )
