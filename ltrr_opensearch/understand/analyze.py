"""Understanding a query before anything is asked: pure, without a vector, in about a millisecond at most."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.normalise import tokenize
from ltrr_opensearch.types import AnalyzedQuery, SearchRequest
from ltrr_opensearch.understand.language import guess_language
from ltrr_opensearch.understand.readings import readings
from ltrr_opensearch.understand.recognise import SlotFields, recognise

MAX_TOKENS = 64
"""A longer text is a document; slots and memory look at its beginning only."""

_fields: WeakKeyDictionary[Gazetteer, tuple[IndexSettings, SlotFields]] = WeakKeyDictionary()
"""Made once for each gazetteer that serves, and gone with it."""


def analyze(request: SearchRequest, knowledge: Knowledge, index: IndexSettings) -> AnalyzedQuery:
    tokens = tokenize(request.text)[:MAX_TOKENS]
    normalized = " ".join(tokens)
    language = guess_language(tokens)
    fields = _slot_fields(index, knowledge.gazetteer)
    slots = recognise(request.text, tokens, language, fields, knowledge.gazetteer)
    return AnalyzedQuery(
        request=request,
        normalized=normalized,
        tokens=tokens,
        language=language,
        readings=readings(tokens, slots),
        remembered=knowledge.memory.near(normalized, None) if normalized else (),
    )


def _slot_fields(index: IndexSettings, gazetteer: Gazetteer) -> SlotFields:
    known = _fields.get(gazetteer)
    if known is None or known[0] is not index:
        known = _fields[gazetteer] = (index, SlotFields.of(index, gazetteer))
    return known[1]
