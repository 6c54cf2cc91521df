"""Counts the words of an index over the sample of its documents that set-up reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ltrr_opensearch.index.mentions import Fields
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.terms import Terms
from ltrr_opensearch.lookup import MAX_CHARACTERS
from ltrr_opensearch.normalise import tokenize


def count_terms(documents: Iterable[Fields], settings: IndexSettings) -> Terms:
    return Terms.counted(_tokens(document, settings) for document in documents)


def _tokens(document: Fields, settings: IndexSettings) -> Iterator[str]:
    for field in settings.text_fields:
        for value in document.get(field, ()):
            if isinstance(value, str):
                yield from tokenize(value[:MAX_CHARACTERS])
