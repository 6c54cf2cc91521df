"""Names of entities as the gazetteer keeps them, and how likely words mean one: a song, an artist or a playlist "love".

That the words mean any entity is as likely as documents whose text says them bear the name or belong to who bears it,
as if DOUBT documents had said before what the counts alone say. Entities that share a name share this belief by the
interest in them. Unlike values of a field names need not repeat: most entities are one document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from operator import attrgetter
from typing import NamedTuple

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.knowledge.beliefs import DOUBT, SUREST, Mentions
from ltrr_opensearch.knowledge.slot_values import Entry
from ltrr_opensearch.lookup import is_slot, key_of
from ltrr_opensearch.types import NAME, TYPE

_NO_FIELD = "\0"
"""Begins what stands in place of a field, since no field's name does."""
NAMES = f"{_NO_FIELD}names of entities"
"""Under which mentions are counted, whatever the entity's type."""
MAX_NAMES = 1_000_000
"""Most names kept, the interesting ones first."""
MAX_NAME_WORDS = 8
MOST_MEANT = 50
"""Names that a short form stands for, the interesting ones first."""
LEAST_MEANT = 0.8
"""Share of the documents that say a word that must belong to entities so named, where it is to stand for them."""
_LEAST_LETTERS = 4
_ARTICLES = frozenset(("the", "a", "an", "der", "die", "das", "le", "la", "les", "el", "los", "las", "il", "het", "os"))
TYPE_WORD = 0.5
"""How likely a word for a type means that, beside other words: "song" is a part of many songs' names, too."""
_NAME, _WORD = f"{_NO_FIELD}name of ", f"{_NO_FIELD}word for "


@dataclass(frozen=True, slots=True)
class EntityName:
    type: str
    name: str
    documents: int
    interest: float
    """Documents that bear the name, and their popularity in units of the type's average document."""
    short: bool = False
    """Whether a word of it may stand for all of it."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By key field, what documents that belong to the entity repeat, where that is not the name."""


class OfType(NamedTuple):
    """What stands in place of a field where entities are spoken of: a name of one of a type, or a word for the type."""

    kind: str
    type: str


def kept_as(field: str) -> OfType | None:
    """None for a field whose values are kept."""
    for prefix, kind in ((_NAME, NAME), (_WORD, TYPE)):
        if field.startswith(prefix):
            return OfType(kind, field[len(prefix) :])
    return None


def type_entries(entities: EntitySettings, names: Iterable[EntityName]) -> dict[str, list[Entry]]:
    """The words for types, each with the documents of its type."""
    documents = Counter[str]()
    for one in names:
        documents[one.type] += one.documents
    return {
        key_of(word): [Entry(_WORD + one.type, (one.type,), documents[one.type], TYPE_WORD)]
        for one in entities.types
        for word in one.called
    }


def name_keys(name: str, short: bool) -> set[str]:
    """All under which a name is looked up: whole, without its article, by a word of it."""
    key = key_of(name)
    return {key, *_without_article(key), *(_words(key) if short else ())}


def name_entries(names: Iterable[EntityName], mentions: Mentions, taken: Container[str]) -> dict[str, list[Entry]]:
    """`taken`: keys of values. What stands for a name is no other's name, nor a value."""
    whole: dict[str, list[EntityName]] = {}
    for one in nlargest(MAX_NAMES, names, key=attrgetter("interest")):
        if is_slot(key := key_of(one.name), MAX_NAME_WORDS):
            whole.setdefault(key, []).append(one)
    shorter: dict[str, list[EntityName]] = {}
    for key, of in whole.items():
        for one in of:
            for other in {*_without_article(key), *(_words(key) if one.short else ())}:
                if other not in whole and other not in taken:
                    shorter.setdefault(other, []).append(one)
    found = {key: of for key, of in shorter.items() if _stands_for_names(key, of, mentions)} | whole
    return {key: list(_entries(key, of, mentions)) for key, of in found.items()}


def _stands_for_names(key: str, names: Sequence[EntityName], mentions: Mentions) -> bool:
    """Before any document was read, every form may, so that it is looked for them."""
    if not mentions.documents or any(key in _without_article(key_of(one.name)) for one in names):
        return True
    told = mentions.told.get((NAMES, key), 0)
    return told > 0 and mentions.meant.get((NAMES, key), 0) >= LEAST_MEANT * told


def _entries(key: str, names: Sequence[EntityName], mentions: Mentions) -> Iterator[Entry]:
    by_type: dict[str, list[EntityName]] = {}
    for one in nlargest(MOST_MEANT, names, key=attrgetter("interest")):
        by_type.setdefault(one.type, []).append(one)
    total = sum(one.interest for of in by_type.values() for one in of)
    belief = belief_in_names(key, total, mentions)
    for type, of in by_type.items():
        spellings = tuple(dict.fromkeys(one.name for one in of))
        share = sum(one.interest for one in of) / total
        yield Entry(_NAME + type, spellings, sum(one.documents for one in of), belief * share)


def belief_in_names(key: str, interest: float, mentions: Mentions) -> float:
    """How likely the words mean any of the entities in which there is so much interest together."""
    doubt = DOUBT / (key.count(" ") + 1)
    meant, told = (of.get((NAMES, key), 0) for of in (mentions.meant, mentions.told))
    return min((meant + doubt * interest / (interest + doubt)) / (told + doubt), SUREST)


def beside(values: Mapping[str, Sequence[Entry]], names: Mapping[str, Sequence[Entry]]) -> dict[str, list[Entry]]:
    """Both; where words mean one and the other, what they claim together is not more than certain."""
    both = {key: list(of) for key, of in values.items()}
    for key, of in names.items():
        both.setdefault(key, []).extend(of)
    for key in names.keys() & values.keys():
        scale = SUREST / max(sum(e.confidence for e in both[key]), SUREST)
        both[key] = [Entry(e.field, e.spellings, e.count, e.confidence * scale) for e in both[key]]
    return both


def _without_article(key: str) -> tuple[str, ...]:
    first, _, rest = key.partition(" ")
    return (rest,) if first in _ARTICLES and is_slot(rest, MAX_NAME_WORDS) else ()


def _words(key: str) -> list[str]:
    words = key.split(" ")
    return [word for word in words if len(word) >= _LEAST_LETTERS and is_slot(word)] if len(words) > 1 else []
