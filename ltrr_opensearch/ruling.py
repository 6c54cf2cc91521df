"""The rules at work in one search: what is read for them beside the plans, and the order that they make.

Nobody waits for a rule longer than for a plan: what could not be read in time moves nothing, and is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import copysign, inf
from types import TracebackType
from typing import TypeVar

from ltrr_opensearch.answer.listing import Listing, listing
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.logged import Placed, Ruled
from ltrr_opensearch.rank.place import place_under
from ltrr_opensearch.retrieve import rules as reading
from ltrr_opensearch.retrieve.collapse import Group
from ltrr_opensearch.retrieve.documents import Documents
from ltrr_opensearch.retrieve.fan_out import Retrieved
from ltrr_opensearch.retrieve.rules import NOTHING
from ltrr_opensearch.retrieve.sending import key_of
from ltrr_opensearch.rule_settings import MovedSettings
from ltrr_opensearch.rules.book import Rules
from ltrr_opensearch.rules.order import Moves, Pin, Shift, arranged, inserted, one_of_each, placed_apart, told
from ltrr_opensearch.types import Candidate, DocKey, Json, Ranked

T = TypeVar("T")
UP, DOWN = "up", "down"


@dataclass(frozen=True, slots=True)
class Moving:
    """What rules move, with the pinned documents in the client's form."""

    moves: Moves = field(default_factory=Moves)
    brought: Mapping[DocKey, Json] = field(default_factory=dict)
    groups: Mapping[DocKey, Group] = field(default_factory=dict)

    def order(self, keys: Sequence[DocKey]) -> tuple[list[DocKey], tuple[Pin, ...]]:
        """Keys under the rules, and the pins that lie behind their end."""
        found = arranged(self.apart(keys), self.moves)
        return list(found.keys), found.far

    def apart(self, keys: Iterable[DocKey]) -> list[DocKey]:
        """Without those for whose group, in a collapsed search, a pinned document stands."""
        pins = {pin.key for pin in self.moves.pins}
        return one_of_each(list(keys), self.groups, pins) if self.groups else list(keys)

    def of_own(self, own: Collection[DocKey], query_id: str, *, ended: bool) -> Listing:
        """The order of the client's own hits. A pin behind them ends the list; where that has not `ended`, only one of
        the hits themselves does, so that the page is whole: nobody waits here for what lies between.
        """
        keys, far = Moving(replace(self.moves, joining=()), self.brought, self.groups).order(list(own))
        return Listing(query_id, (*keys, *(pin.key for pin in far if ended or pin.key in own)), 0)


@dataclass(frozen=True, slots=True)
class UnderRules:
    """A ranked union under the rules, and the order that it begins."""

    moving: Moving
    ranked: tuple[Ranked, ...]
    order: Listing
    placed: Placed | None
    ruled: tuple[Ruled, ...]


class Ruling:
    """Reads from its entering on, and no longer than its block runs. `failed` counts what could not be read in time."""

    def __init__(self, rules: Rules, documents: Documents, deadline_ms: float, failed: Callable[[], None]) -> None:
        self._rules = rules
        self._documents = documents
        self._deadline_s = deadline_ms / 1000
        self._failed = failed
        self._lifts = {_name(rule.id, UP): rule.boost for rule in rules if rule.boost}
        self._sinks = {_name(rule.id, DOWN): rule.bury for rule in rules if rule.bury}
        self._groups: Mapping[DocKey, Group] = {}
        self._tasks: list[asyncio.Task[object]] = []

    async def __aenter__(self) -> Ruling:
        pins = dict.fromkeys(pin.id for rule in self._rules for pin in rule.pin)
        self._pinned = self._begin(reading.pinned(self._documents, list(pins)), [])
        self._lifted = self._begin(reading.lifted(self._documents, _clauses(self._lifts)), NOTHING)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()

    async def pins(self) -> list[DocKey]:
        """The pinned documents that the caller may see."""
        return [pin.key for pin in _pins(self._rules, await self._pinned)]

    def mark(self, found: Retrieved, own: Mapping[DocKey, Json]) -> None:
        """Begins to ask which documents of the union, and of the client's own, are lifted or sunk."""
        keys = list(dict.fromkeys([*found.keys(), *own]))
        raws = {hit.key: hit.raw for result in found.results for hit in result.hits}
        self._groups = reading.groups_of(self._documents.request, {**raws, **own})
        clauses = _clauses({**self._lifts, **self._sinks})
        self._marked = self._begin(reading.matching(self._documents, keys, clauses), NOTHING)

    async def moving(self) -> Moving:
        """What the rules move, once it is all read."""
        pinned, lifted, marked = await self._pinned, await self._lifted, await self._marked
        pins = _pins(self._rules, pinned)
        standing = {pin.key for pin in pins}
        groups = {**lifted.groups, **self._groups}
        groups |= reading.groups_of(self._documents.request, {key_of(hit): hit for hit in pinned})
        joining = one_of_each(list(lifted.named), groups, standing | marked.named.keys())
        moves = Moves(pins, self._shifts({**lifted.named, **marked.named}), tuple(joining))
        return Moving(moves, {key_of(hit): hit for hit in pinned if key_of(hit) in standing}, groups)

    async def ordered(
        self, ranked: Sequence[Ranked], own: Collection[DocKey], placed: Placed | None, before: Sequence[Ranked]
    ) -> UnderRules:
        """The union's order under the rules. `before`: as it was ranked, before one of it was `placed`."""
        moving = await self.moving()
        keys = [r.candidate.key for r in ranked]
        after, far = moving.order(keys)
        union = _ranked(after, ranked)
        order = listing(union, moving.apart(own), self._documents.request.query_id)
        if far:
            order = await self._reaching(order, far)
        if placed and (placed.key in moving.moves.keys or placed.key not in after):
            placed = None  # the place is the rule's, or a pinned document's that stands for its group
        elif placed:
            placed = place_under(placed, before, lambda some: moving.order(some)[0])
        return UnderRules(moving, union, order, placed, told(keys, order.keys, moving.moves))

    async def _reaching(self, order: Listing, far: Sequence[Pin]) -> Listing:
        """An order that goes on until the last pin has its place, or to the end of what the client's query matches."""
        pinned = {pin.key for pin in far}
        keys = [key for key in order.keys if key not in pinned]
        if (lacking := far[-1].position - len(far) - len(keys)) > 0:
            keys += await self._within(self._documents.following([*keys, *pinned], lacking), [])
        found = inserted(keys, far)
        keys = [*found.keys, *(pin.key for pin in found.far)]
        # what is settled before a pin must not be cut off
        return Listing(order.query_id, tuple(keys), max(order.ranked, 1 + max(map(keys.index, pinned))))

    def _shifts(self, named: Mapping[DocKey, Sequence[str]]) -> dict[DocKey, Shift]:
        """Of the rules that move a document the first does."""
        shifts: dict[str, Shift] = {}
        for rule in self._rules:
            for name, moved, end in ((_name(rule.id, UP), rule.boost, inf), (_name(rule.id, DOWN), rule.bury, -inf)):
                if moved:
                    shifts[name] = Shift(rule.id, copysign(moved.places, end) if moved.places else end)
        return {key: next(shifts[name] for name in shifts if name in names) for key, names in named.items() if names}

    def _begin(self, asking: Awaitable[T], otherwise: T) -> asyncio.Task[T]:
        task = asyncio.create_task(self._within(asking, otherwise))
        self._tasks.append(task)
        return task

    async def _within(self, asking: Awaitable[T], otherwise: T) -> T:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await asking
        except (Unreachable, TimeoutError):
            self._failed()
            return otherwise


def _name(rule: str, way: str) -> str:
    return f"ltrr:{way}:{rule}"


def _clauses(selected: Mapping[str, MovedSettings]) -> dict[str, Json]:
    return {name: one.clause for name, one in selected.items()}


def _pins(rules: Rules, hits: Sequence[Json]) -> tuple[Pin, ...]:
    """The pins whose documents are there; of copies in several indexes the first by the index's name."""
    keys = sorted(map(key_of, hits), key=lambda key: (key.index, key.routing or ""))
    found = []
    for rule in rules:
        for pin in rule.pin:
            of_pin = (key for key in keys if key.id == pin.id and pin.index in (None, key.index))
            if key := next(of_pin, None):
                found.append(Pin(rule.id, pin.position, key))
    return placed_apart(found)


def _ranked(order: Sequence[DocKey], before: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """The order with what is known of its documents; what no plan had found stands as low as the lowest."""
    known = {r.candidate.key: r for r in before}
    lowest = min((r.score for r in before), default=0.0)
    return tuple(
        replace(known[key], rank=rank) if key in known else Ranked(Candidate(key, ()), rank, lowest)
        for rank, key in enumerate(order, start=1)
    )
