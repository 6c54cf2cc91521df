"""What a query excludes: a slot behind "without", "no", "not" is not wanted; so is one whose field is named before it.

Both only widen a slot that was recognised by the words before it, and make it likelier: whoever says "without" or
"colour" goes on to name a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ltrr_opensearch.types import SlotValue
from ltrr_opensearch.understand.cues import Cues
from ltrr_opensearch.understand.items import Item
from ltrr_opensearch.understand.names import Names, name_before
from ltrr_opensearch.understand.readings import CONJUNCTIONS

ODDS = 50.0
"""How much likelier a value is behind such words."""
DOUBTFUL = frozenset({"sin", "sans", "pas", "sem", "menos", "hors"})
"""Mean without in one language and something else in another ("Sin City", "Open Sans"): no cue where a query begins."""
DOUBTFUL_ODDS = 5.0


def named_slots(slots: Sequence[SlotValue], items: Sequence[Item], names: Mapping[str, Names]) -> Iterator[SlotValue]:
    """Slots with the name of their field before them ("colour black")."""
    first = first_items(items)
    for slot in slots:
        if (
            slot.start in first
            and (start := name_before(first[slot.start], items, names.get(slot.field, ()))) is not None
        ):
            yield replace(slot, start=items[start].token, confidence=likelier(slot.confidence))


def negated_slots(slots: Sequence[SlotValue], items: Sequence[Item], cues: Cues) -> Iterator[SlotValue]:
    behind = _negations([item.word for item in items], cues)
    if not behind:
        return
    first = first_items(items)
    negated = []
    for slot in slots:
        if (at := behind.get(first.get(slot.start, -1))) is not None:
            odds = DOUBTFUL_ODDS if items[at].word in DOUBTFUL else ODDS
            confidence = likelier(slot.confidence, odds)
            negated.append(replace(slot, start=items[at].token, negated=True, confidence=confidence))
    yield from negated
    yield from _listed(negated, slots, items)


def _listed(negated: Sequence[SlotValue], slots: Sequence[SlotValue], items: Sequence[Item]) -> Iterator[SlotValue]:
    """Further values of what is excluded: "no red or blue"."""
    joints = {item.token for item in items if item.word in CONJUNCTIONS}
    for before in negated:
        for slot in slots:
            if slot.field == before.field and slot.start == before.end + 1 and before.end in joints:
                yield replace(slot, start=before.end, negated=True, confidence=likelier(slot.confidence))


def _negations(words: Sequence[str], cues: Cues) -> dict[int, int]:
    """Where what is negated begins (behind articles, too) -> where the negation does."""
    found: dict[int, int] = {}
    for start in range(len(words)):
        cue = cues.at(words, start, frozenset({"without"}))
        if cue and (start or words[start] not in DOUBTFUL):
            end = cue[1]
            found.setdefault(end, start)
            while article := cues.at(words, end, frozenset({"articles"})):
                end = article[1]
                found.setdefault(end, start)
    return found


def first_items(items: Sequence[Item]) -> dict[int, int]:
    """Token -> its first item; of "non-wireless" the one behind the "non"."""
    first: dict[int, int] = {}
    for i, item in enumerate(items):
        if item.token not in first or (items[first[item.token]].word == "non" and item.attached):
            first[item.token] = i
    return first


def likelier(confidence: float, odds: float = ODDS) -> float:
    return odds * confidence / (odds * confidence + 1 - confidence)
