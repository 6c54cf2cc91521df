"""Names of entities and words for their types in a query: what is wanted, and which of them fit together.

"tayler love" names an artist and a song: the song is wanted, if songs belong to artists. "songs by taylor" says the
type of what is wanted. Two songs in one query are no reading, nor is a playlist of a song where none is declared.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

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


class Spoken(NamedTuple):
    """Of which types slots speak together; sets of types as bits, by their places in `Entities.types`."""

    fitting: int
    """Types that can be what is wanted."""
    loosely: int
    """Types that can be, if they are said: all that fit, and those that belong to a degree."""
    named: int = 0
    said: bool = False


@dataclass(frozen=True, slots=True)
class Entities:
    types: tuple[str, ...]
    """What belongs to others first: of what is named together, it is wanted."""
    bits: Mapping[str, int]
    belonging: Mapping[str, int]
    """Type of an entity -> types of what belongs to it, itself not among them."""
    graded: Mapping[str, int]
    """Type of an entity -> types of what belongs to it to a degree."""

    @classmethod
    def of(cls, settings: EntitySettings) -> Entities:
        brought = (relation.brings for relation in settings.relations)
        types = tuple(dict.fromkeys((*brought, *(one.type for one in settings.types))))
        bits, belonging = {type: 1 << place for place, type in enumerate(types)}, dict.fromkeys(types, 0)
        for one in settings.relations:
            belonging[one.of] |= bits[one.brings] & ~bits[one.of]
        graded = dict.fromkeys(types, 0)
        for degree in settings.degrees:
            graded[degree.to] |= bits[degree.of]
        return cls(types, bits, belonging, graded)

    @property
    def nothing(self) -> Spoken:
        every = (1 << len(self.types)) - 1
        return Spoken(every, every)

    def after(self, spoken: Spoken, slot: SlotValue) -> Spoken:
        """What is spoken of with one slot more. Of the wanted type at most one name is said, of others what it belongs
        to.
        """
        if slot.negated or not slot.entity:
            return spoken
        fitting, loosely, named, said = spoken
        bit = self.bits[slot.entity]
        if slot.kind == TYPE:
            return Spoken(fitting & bit, loosely & bit, named, True)
        meant = self.belonging[slot.entity] | bit & ~named
        return Spoken(fitting & meant, loosely & (meant | self.graded[slot.entity]), named | bit, said)

    def wanted_of(self, spoken: Spoken) -> str | None:
        """The type of what is wanted: the one that is said, one that is named, or one that belongs to all named.

        What belongs to a name only to a degree ("rock artists") is wanted where it is said.
        Nothing where no entity is spoken of; None where what is said cannot be meant together.
        """
        fitting, loosely, named, said = spoken
        if not named and not said:
            return ""
        several = named & (named - 1)
        wanted = (fitting & named) or (fitting if said or several else 0) or (loosely if said else 0)
        return self.types[(wanted & -wanted).bit_length() - 1] if wanted else None

    def wanted(self, slots: Iterable[SlotValue]) -> str | None:
        return self.wanted_of(reduce(self.after, slots, self.nothing))

    def may_be_meant(self, spoken: Spoken, later: Iterable[SlotValue]) -> bool:
        """Whether it makes sense, or would with any of the slots behind: "taylor owls" does where "song" follows."""
        if self.wanted_of(spoken) is not None:
            return True
        return bool(spoken.loosely) and any(self.wanted_of(self.after(spoken, slot)) is not None for slot in later)


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
