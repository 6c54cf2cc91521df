"""From an index's counted values to what the gazetteer keeps: spellings folded together, beliefs, synonyms."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.knowledge.beliefs import DOUBT, Mentions, confidences, repeats
from ltrr_opensearch.knowledge.entity_names import EntityName, beside, name_entries, type_entries
from ltrr_opensearch.knowledge.slot_values import Entry
from ltrr_opensearch.lookup import first_of, generals_of, is_slot, key_of, parts_of
from ltrr_opensearch.synonyms import Synonym

SHORT = 0.9
"""Belief that is left to a value in its short form."""
LEAST_FIRST = 0.8
"""Share of the documents that say a first word and have the field that must have a name beginning so."""
MOST_LISTS = 50
"""Of the texts that hold a value among others, the commonest, so that a clause stays small."""
_PARENTHESES = re.compile(r"\([^()]*\)")
MAX_VALUES = 1_000_000
"""Most values kept, the frequent ones first."""


def entries_of(
    rows: Sequence[tuple[str, str, int]],
    mentions: Mentions,
    synonyms: Sequence[Synonym],
    entities: EntitySettings | None = None,
    names: Sequence[EntityName] = (),
) -> dict[str, list[Entry]]:
    values = value_entries(rows, mentions, synonyms)
    if entities is None:
        return values
    typed = beside(values, type_entries(entities, names))
    return beside(typed, name_entries(names, mentions, typed))


def value_entries(
    rows: Sequence[tuple[str, str, int]], mentions: Mentions, synonyms: Sequence[Synonym]
) -> dict[str, list[Entry]]:
    spelled = _spellings(rows)
    counts = {slot: sum(n for n, _ in ways) for slot, ways in spelled.items()}
    fields: dict[str, list[str]] = {}
    for name, key in sorted(counts, key=lambda slot: (-counts[slot], slot))[:MAX_VALUES]:
        fields.setdefault(key, []).append(name)
    repeating = repeats(rows)
    entries = {}
    for key, names in fields.items():
        beliefs = confidences(key, {name: counts[name, key] for name in names}, repeating, mentions)
        entries[key] = [
            Entry(name, tuple(v for _, v in spelled[name, key]), counts[name, key], beliefs[name]) for name in names
        ]
    return with_synonyms(with_first_words(entries, mentions) | with_short_forms(entries) | entries, synonyms)


def with_short_forms(entries: dict[str, list[Entry]]) -> dict[str, list[Entry]]:
    """Values that explain themselves in parentheses, "Hybrid (2-in-1)", by what stands outside of these."""
    further: dict[str, list[Entry]] = {}
    for of in entries.values():
        for entry in of:
            outside = _PARENTHESES.sub(" ", entry.spellings[0]) if "(" in entry.spellings[0] else ""
            if outside.strip() and (key := key_of(outside)) not in entries and is_slot(key):
                further.setdefault(key, []).append(replace(entry, confidence=entry.confidence * SHORT))
    return {key: of for key, of in further.items() if len(of) == 1}


def with_first_words(entries: dict[str, list[Entry]], mentions: Mentions) -> dict[str, list[Entry]]:
    """Longer names by their first word, where documents that say it mostly have them: "kingston", never "electric".

    Before any document was read they are there without belief, so that it is looked for them.
    """
    longer: dict[tuple[str, str], list[Entry]] = {}
    for key, of in entries.items():
        if (first := first_of(key)) and first not in entries:
            for entry in of:
                longer.setdefault((first, entry.field), []).append(entry)
    further: dict[str, list[Entry]] = {}
    for (first, name), of in longer.items():
        belief = mentions.meant.get((name, first), 0) / (mentions.told.get((name, first), 0) + DOUBT)
        if belief >= LEAST_FIRST or not mentions.documents:
            usual = sorted(of, key=lambda e: (-e.count, e.spellings))
            spellings = tuple(s for e in usual[:MOST_LISTS] for s in e.spellings)
            further.setdefault(first, []).append(Entry(name, spellings, sum(e.count for e in of), belief))
    return {first: of for first, of in further.items() if is_slot(first)}


def with_synonyms(entries: dict[str, list[Entry]], synonyms: Sequence[Synonym]) -> dict[str, list[Entry]]:
    """Values under the words that mean them besides, also where these are a part of the value's words."""
    said: dict[str, set[str]] = {}
    for synonym in synonyms:
        for meant in map(key_of, synonym.meant):
            said.setdefault(meant, set()).update({key_of(s) for s in synonym.said} - {meant})
    further: dict[str, list[Entry]] = {}
    for key, of in entries.items() if said else ():
        for other in _rewritten(key, said):
            if other not in entries and is_slot(other):
                further.setdefault(other, []).extend(of)
    return entries | further


def _rewritten(key: str, said: dict[str, set[str]]) -> Iterable[str]:
    words = key.split(" ")
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            for other in sorted(said.get(" ".join(words[start:end]), ())):
                yield " ".join([*words[:start], other, *words[end:]])


def _spellings(rows: Sequence[tuple[str, str, int]]) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """Per field and key, how the field spells it with how many documents, the usual spelling first.

    A text that lists values of the field spells each of them, and a special one the general one: who wants steel is
    served by "Plastic, Steel" and by "Stainless steel", too.
    """
    spelled: dict[tuple[str, str], list[tuple[int, str]]] = {}
    keys = [key_of(value) for _, value, _ in rows]
    for (name, value, count), key in zip(rows, keys, strict=True):
        if is_slot(key):
            spelled.setdefault((name, key), []).append((count, value))
    wider: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for (name, value, count), key in zip(rows, keys, strict=True):
        for slot in _wider(name, value, key, spelled):
            wider.setdefault(slot, []).append((count, value))
    usual = {slot: sorted(ways, key=lambda w: (-w[0], w[1])) for slot, ways in spelled.items()}
    for slot, ways in wider.items():
        usual[slot] += sorted(ways, key=lambda w: (-w[0], w[1]))[:MOST_LISTS]
    return usual


def _wider(name: str, value: str, key: str, known: Container[tuple[str, str]]) -> set[tuple[str, str]]:
    """The values of the field that a value is besides itself: those that it lists, if it lists no others, and kinds."""
    general = {(name, of) for of in generals_of(key) if (name, of) in known}
    listed = {(name, part) for part in parts_of(value)}
    return general | listed if all(slot in known for slot in listed) else general
