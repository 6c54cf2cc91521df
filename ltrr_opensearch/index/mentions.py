"""How documents use the words of slot values in their text, counted over a random sample of the index.

A value that documents name mostly when they have it ("Dell") is a likelier slot than one whose words usually say
something else ("desk", of what is mounted on one).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from opensearchpy import OpenSearch

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.index.sample import drawn
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.entity_names import NAMES, name_keys
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.lookup import MAX_CHARACTERS, first_of, generals_of, key_of, parts_of

Fields = dict[str, list[object]]


def count_mentions(gazetteer: Gazetteer, documents: Iterable[Fields], settings: IndexSettings) -> Mentions:
    """Of documents given as their fields' values."""
    meant: Counter[tuple[str, str]] = Counter()
    told: Counter[tuple[str, str]] = Counter()
    words: Counter[str] = Counter()
    beside: Counter[tuple[str, str]] = Counter()
    filled: Counter[str] = Counter()
    total = 0
    names = _names_of_booleans(gazetteer, settings)
    for document in documents:
        total += 1
        keys = [key_of(text[:MAX_CHARACTERS]) for field in settings.text_fields for text in _strings(document, field)]
        named = {key for text in keys for key in gazetteer.named_in(text)}
        spoken = {word for key in keys for word in key.split(" ") if word}
        words.update(spoken)
        if settings.entities and named:
            borne = borne_names(document, settings.entities)
            told.update((NAMES, key) for key in named)
            meant.update((NAMES, key) for key in borne & named)
        for field in settings.slot_names:
            if field in document:
                filled[field] += 1
                beside.update((word, field) for word in spoken)
                told.update((field, key) for key in named)
                meant.update((field, key) for key in _keys(document, field, names) & named)
    return Mentions(told, meant, words, beside, filled, total)


def borne_names(document: Fields, entities: EntitySettings) -> set[str]:
    """The keys of the names of what a document is, and of what it says by name that it belongs to."""
    types = document.get(entities.type_field, ())
    held = [(one, field) for one in entities.types if one.type in types for field in one.name_fields]
    for relation in entities.relations:
        of = entities.of(relation.of)
        if of and relation.brings in types and entities.by_name(relation):
            held.append((of, relation.field))
    return {key for type, field in held for name in _strings(document, field) for key in name_keys(name, type.short)}


def sample_documents(client: OpenSearch, index: str, settings: IndexSettings) -> Iterator[Fields]:
    """What is read of documents drawn at random, the same ones as long as the index does not change."""
    read = {"_source": False, "fields": fields_read(settings)}
    return (hit.get("fields", {}) for hit in drawn(client, index, read))


def fields_read(settings: IndexSettings) -> list[str]:
    """Of a document, as `fields` of a search."""
    popularity = (settings.popularity.field,) if settings.popularity else ()
    return list(dict.fromkeys((*settings.text_fields, *settings.read_as, *popularity)))


def _names_of_booleans(gazetteer: Gazetteer, settings: IndexSettings) -> Mapping[str, set[str]]:
    booleans = [f for f in settings.slot_fields if gazetteer.kinds.get(f.field) == "boolean"]
    return {f.field: {key_of(name) for name in f.called} for f in booleans}


def _keys(document: Fields, field: str, booleans: Mapping[str, set[str]]) -> set[str]:
    """What the document's values say: "Serial ATA III" of "Serial ATA", too; of a true boolean the field's names."""
    if field in booleans:
        return booleans[field] if True in document.get(field, ()) else set()
    keys = {key for v in _strings(document, field) for key in (key_of(v), *parts_of(v))}
    return keys.union(*map(generals_of, keys), map(first_of, keys))


def _strings(document: Fields, field: str) -> list[str]:
    return [v for v in document.get(field, ()) if isinstance(v, str)]
