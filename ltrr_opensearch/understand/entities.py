"""Names of entities and words for their types in a query: what is wanted, and which of them fit together.

"tayler love" names an artist and a song: the song is wanted, if songs belong to artists. "songs by taylor" says the
type of what is wanted. Two songs in one query are no reading, nor is a playlist of a song where none is declared.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.knowledge.beliefs import SUREST
from ltrr_opensearch.types import NAME, TYPE, SlotValue
from ltrr_opensearch.understand.cues import CONNECTING

LEAST_TOLD = 0.02
"""Confidence of a slot from which it explains the words beside a name."""
ALL_NAMED = 50.0
"""How much likelier names are meant where every word belongs to one, or to a slot: most queries for what has a name are
the name. The odds are those of a value behind the name of its field (`negation.ODDS`).
"""


@dataclass(frozen=True, slots=True)
class Entities:
    types: tuple[str, ...]
    """What belongs to others first: of what is named together, it is wanted."""
    brings: frozenset[tuple[str, str]]
    """(type of an entity, type of what belongs to it)."""

    @classmethod
    def of(cls, settings: EntitySettings) -> Entities:
        brought = (relation.brings for relation in settings.relations)
        types = tuple(dict.fromkeys((*brought, *(one.type for one in settings.types))))
        return cls(types, frozenset((one.of, one.brings) for one in settings.relations))

    def wanted(self, slots: Sequence[SlotValue]) -> str | None:
        """The type of what is wanted: the one that is said, one that is named, or one that belongs to all named.

        Nothing where no entity is spoken of; None where what is said cannot be meant together.
        """
        said = {slot.entity for slot in slots if slot.kind == TYPE and not slot.negated}
        named = [slot.entity for slot in slots if slot.kind == NAME and not slot.negated]
        if not said and not named:
            return ""
        if len(said) > 1:
            return None
        first = [type for type in self.types if type in (said or named)]
        further = [type for type in self.types if type not in first] if not said and len(set(named)) > 1 else []
        return next((type for type in (*first, *further) if self._fits(type, named)), None)

    def _fits(self, wanted: str, named: Sequence[str]) -> bool:
        others = (type for type in named if type != wanted)
        return named.count(wanted) <= 1 and all((other, wanted) in self.brings for other in others)


def connecting(tokens: Sequence[str], covered: Container[int]) -> set[int]:
    """Places of words that only connect what is covered, with each other or with an end of the query: "of the"."""
    found: set[int] = set()
    run: list[int] = []
    led = True
    for place, token in enumerate(tokens):
        if place in covered:
            found.update(run if led else ())
            run, led = [], True
        elif token in CONNECTING:
            run.append(place)
        else:
            run, led = [], False
    return found.union(run if led else ())


def where_all_is_named(slots: Sequence[SlotValue], tokens: Sequence[str]) -> list[SlotValue]:
    """The slots, likelier in stretches with a name or a type's word where slots explain all other words."""
    told = [slot for slot in slots if slot.confidence >= LEAST_TOLD]
    ahead = _explained(tokens, {(slot.start, slot.end) for slot in told})
    mirrored = {(len(tokens) - slot.end, len(tokens) - slot.start) for slot in told}
    behind = _explained(tokens[::-1], mirrored)[::-1]
    stretches: dict[tuple[int, int], list[SlotValue]] = {}
    for slot in slots:
        stretches.setdefault((slot.start, slot.end), []).append(slot)
    names = [(slot.start, slot.end) for slot in told if slot.kind == NAME]
    return [
        slot
        for (start, end), of in stretches.items()
        for all_named in [ahead[start] and behind[end] and any(s.entity for s in of) and not _inside(start, end, names)]
        for slot in (_likelier(of) if all_named else of)
    ]


def _inside(start: int, end: int, stretches: Sequence[tuple[int, int]]) -> bool:
    """Whether it is a part of one: "taylor" of "taylor hart" does not stand for itself."""
    return any(first <= start and end <= last and end - start < last - first for first, last in stretches)


def _explained(tokens: Sequence[str], spans: Iterable[tuple[int, int]]) -> list[bool]:
    """By place between tokens, whether all before it can be covered by spans and connecting words."""
    ends: dict[int, list[int]] = {}
    for start, end in spans:
        ends.setdefault(start, []).append(end)
    covered = [True] + [False] * len(tokens)
    for place, token in enumerate(tokens):
        if covered[place]:
            for end in (*ends.get(place, ()), *((place + 1,) if token in CONNECTING else ())):
                covered[end] = True
    return covered


def _likelier(rivals: Sequence[SlotValue]) -> list[SlotValue]:
    """What they claim together grows; each keeps its share."""
    total = sum(slot.confidence for slot in rivals)
    grown = ALL_NAMED * total / (ALL_NAMED * total + max(1 - total, 0.0))
    return [replace(slot, confidence=slot.confidence * min(grown, SUREST) / (total or 1.0)) for slot in rivals]
