"""The readings of a query whose names and types can be meant together: their weights' sum, and the likeliest of them.

Both go from left to right over what is spoken of so far, which a few small states tell. What no slot behind can put
right is left out at once: it would crowd out of the beam what makes sense.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from operator import itemgetter

from ltrr_opensearch.types import SlotValue
from ltrr_opensearch.understand.entities import Entities, Spoken

Meant = tuple[float, tuple[SlotValue, ...], str]
"""Weight, slots, and the type of what is wanted."""
MOST_STATES = 64
"""More come of many types that all belong to one another only; the weightiest are kept."""

_weight = itemgetter(0)
_Path = tuple[float, tuple[SlotValue, ...], Spoken]
_Weights = dict[Spoken, float]


def possible_paths(
    doubts: Sequence[float], starting: Mapping[int, Sequence[SlotValue]], entities: Entities, most: int
) -> tuple[float, list[Meant]]:
    """The sum of all weights, and paths, best first, of which at most so many are followed from token to token."""
    sums: list[_Weights] = [{entities.nothing: 1.0}, *({} for _ in doubts)]
    beams: list[list[_Path]] = [[(1.0, (), entities.nothing)], *([] for _ in doubts)]
    behind = _behind(len(doubts), starting)
    for i, doubt in enumerate(doubts):
        states = _possible(sums[i], entities, behind[i])
        beam = sorted((path for path in beams[i] if path[2] in states), key=_weight, reverse=True)[:most]
        _add(sums[i + 1], ((spoken, weight * doubt) for spoken, weight in states.items()))
        beams[i + 1].extend((weight * doubt, path, spoken) for weight, path, spoken in beam)
        for slot in starting.get(i, ()):
            share, end = slot.confidence, slot.end
            after = {spoken: entities.after(spoken, slot) for spoken in states}
            _add(sums[end], ((after[spoken], weight * share) for spoken, weight in states.items()))
            beams[end].extend((w * share, (*path, slot), after[spoken]) for w, path, spoken in beam)
    wanted = {spoken: of for spoken in sums[-1] if (of := entities.wanted_of(spoken)) is not None}
    meant = ((weight, path, wanted[spoken]) for weight, path, spoken in beams[-1] if spoken in wanted)
    return sum(sums[-1][spoken] for spoken in wanted), sorted(meant, key=_weight, reverse=True)


def _add(to: _Weights, weights: Iterable[tuple[Spoken, float]]) -> None:
    for spoken, weight in weights:
        to[spoken] = to.get(spoken, 0.0) + weight


def _possible(weights: _Weights, entities: Entities, behind: Sequence[SlotValue]) -> _Weights:
    possible = {spoken: weight for spoken, weight in weights.items() if entities.may_be_meant(spoken, behind)}
    if len(possible) <= MOST_STATES:
        return possible
    return dict(nlargest(MOST_STATES, possible.items(), key=lambda of: of[1]))


def _behind(length: int, starting: Mapping[int, Sequence[SlotValue]]) -> list[tuple[SlotValue, ...]]:
    """By place, of each type one name and one word that begin there or later."""
    found: list[tuple[SlotValue, ...]] = []
    kinds: dict[tuple[str, str], SlotValue] = {}
    for place in range(length, -1, -1):
        spoken_of = (slot for slot in starting.get(place, ()) if slot.entity and not slot.negated)
        kinds |= {(slot.kind, slot.entity): slot for slot in spoken_of}
        found.append(tuple(kinds.values()))
    return found[::-1]
