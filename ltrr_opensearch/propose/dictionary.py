"""Values of fields that a document's text says: the gazetteer, asked of documents instead of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.lookup import key_of
from ltrr_opensearch.propose.written import Texts

LEAST_DOCUMENTS = 2
"""A value that one document alone has may be its own mistake, and says nothing of others."""


@dataclass(frozen=True, slots=True)
class Said:
    words: str
    """In the form of look-ups."""
    belief: float
    """How likely they mean the value, as in a query."""
    titled: bool
    """Whether the heaviest text field says them."""


SaidValues = Mapping[str, Said]
"""By the key of the value."""


def said_in(texts: Texts, gazetteer: Gazetteer, fields: Collection[str]) -> dict[str, SaidValues]:
    """Field -> the values that the texts say; of those inside longer ones of their field only the longer."""
    found: dict[str, dict[str, Said]] = {}
    for place, of_field in enumerate(texts):
        for words in (words for text in of_field for words in gazetteer.named_in(text)):
            for field, value, belief in _meanings(words, gazetteer, fields):
                known = found.setdefault(field, {})
                before = known.get(value)
                titled = place == 0 or (before is not None and before.titled)
                if before is None or belief > before.belief or titled > before.titled:
                    known[value] = Said(words, max(belief, before.belief if before else 0.0), titled)
    return {field: _longest(known) for field, known in found.items()}


def _meanings(words: str, gazetteer: Gazetteer, fields: Collection[str]) -> Iterator[tuple[str, str, float]]:
    for entry in gazetteer.values.of(words):
        if entry.field in fields and entry.count >= LEAST_DOCUMENTS:
            yes = gazetteer.kinds.get(entry.field) == "boolean"
            yield entry.field, "true" if yes else key_of(entry.spellings[0]), entry.confidence


def _longest(said: SaidValues) -> SaidValues:
    if len(said) < 2:
        return said
    stretches = {f" {one.words} " for one in said.values()}
    inside = {s for s in stretches if any(s in other and s != other for other in stretches)}
    return {value: one for value, one in said.items() if f" {one.words} " not in inside}
