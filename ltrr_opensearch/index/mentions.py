"""How documents use the words of slot values in their text, counted over a random sample of the index.

A value that documents name mostly when they have it ("Dell") is a likelier slot than one whose words usually say
something else ("desk", of what is mounted on one).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer, Key, Mentions, key_of
from ltrr_opensearch.types import Json

SAMPLE = 10_000
"""Documents read; what one result window holds by default."""
PAGE = 500
MAX_CHARACTERS = 5_000
"""Of a field's text; what comes later says little about what the document is."""

Fields = dict[str, list[object]]


def count_mentions(gazetteer: Gazetteer, documents: Iterable[Fields], settings: IndexSettings) -> Mentions:
    """Of documents given as their fields' values."""
    said: Counter[Key] = Counter()
    meant: Counter[tuple[str, Key]] = Counter()
    for document in documents:
        texts = [text for field in settings.text_fields for text in _strings(document, field)]
        named = {key for text in texts for key in gazetteer.named_in(text[:MAX_CHARACTERS])}
        said.update(named)
        for field in settings.slot_fields:
            meant.update((field, key) for key in {key_of(v) for v in _strings(document, field)} & named)
    return Mentions(said, meant)


def sample_documents(client: OpenSearch, index: str, settings: IndexSettings) -> Iterator[Fields]:
    """Text and slot fields of documents drawn at random, the same ones as long as the index does not change."""
    chance = {"function_score": {"random_score": {"seed": 0, "field": "_seq_no"}}}
    body: Json = {
        "query": chance,
        "size": PAGE,
        "_source": False,
        "track_total_hits": False,
        "fields": [*settings.text_fields, *settings.slot_fields],
    }
    for offset in range(0, SAMPLE, PAGE):
        try:
            hits = client.search(index=index, body={**body, "from": offset})["hits"]["hits"]
        except OpenSearchException as e:
            raise ClusterError(f"cannot read a sample of {index!r}: {e}") from e
        yield from (hit.get("fields", {}) for hit in hits)
        if len(hits) < PAGE:
            return


def _strings(document: Fields, field: str) -> list[str]:
    return [v for v in document.get(field, ()) if isinstance(v, str)]
