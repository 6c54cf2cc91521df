"""The candidates of a search as columns, of which records are made only when somebody looks at them.

Learning a policy looks at those few that were acted upon; of the rest it wants ids and what each plan had first. To
make records of all took 50 µs a search. The functions here take candidates in either form.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import compress, count
from typing import NamedTuple, overload

from ltrr_opensearch.logged import CandidateRecord
from ltrr_opensearch.types import DocKey, Found

_found_at: Callable[[tuple[str, int, float]], Found] = partial(tuple.__new__, Found)
"""A C call: learners make dozens a search, and what `NamedTuple` makes takes twice as long."""

Firsts = dict[str, dict[str, tuple[int, float]]]
"""plan -> its first candidates: `_id` -> (rank, score)"""


class PlanColumn(NamedTuple):
    """What a plan had, by rank."""

    plan: str
    at: Sequence[int]
    """Places among the candidates, from 0."""
    ranks: Sequence[int]
    scores: Sequence[float]


class Columns(Sequence[CandidateRecord]):
    """Equal to the tuple of its records, which have no features."""

    __slots__ = ("_named", "_records", "ids", "indexes", "objects", "odd", "plans", "routing", "teams")

    def __init__(
        self,
        ids: Sequence[str],
        indexes: str | Sequence[str],
        routing: Mapping[int, str],
        objects: Mapping[int, str],
        teams: Sequence[str | None],
        odd: Mapping[int, Sequence[str]],
        plans: Sequence[PlanColumn],
    ) -> None:
        """`indexes`: one name where all are of one; `routing`, `objects`: by place; `teams`: empty where none has one.

        `odd`: by place, the plans in their order, where that is not the one of `plans`.
        """
        self.ids, self.indexes, self.routing, self.objects = ids, indexes, routing, objects
        self.teams, self.odd, self.plans = teams, odd, plans
        self._records: tuple[CandidateRecord, ...] | None = None
        self._named: tuple[frozenset[str], list[CandidateRecord]] | None = None

    @property
    def records(self) -> tuple[CandidateRecord, ...]:
        if self._records is None:
            self._records = tuple(self.made(range(len(self.ids))))
        return self._records

    def named(self, ids: Collection[str]) -> list[CandidateRecord]:
        """Those with some ids, which are kept: who learns asks four times for what was acted upon."""
        asked = frozenset(ids)
        if self._named is None or self._named[0] != asked:
            places = list(self.places(asked))
            self._named = asked, self.made(places) if places else []
        return self._named[1]

    def places(self, ids: Collection[str]) -> dict[int, str]:
        """Where those with some ids stand, in their order: by calls for all, where a loop would take one each."""
        return dict(compress(enumerate(self.ids), map(ids.__contains__, self.ids)))

    def ranked(self, ids: Collection[str]) -> Iterator[tuple[str, str, int]]:
        """(`_id`, plan, rank) of those with some ids."""
        id_at = self.places(ids)
        for plan, at, ranks, _ in self.plans if id_at else ():
            for row in compress(count(), map(id_at.__contains__, at)):
                yield id_at[at[row]], plan, ranks[row]

    def made(self, places: Sequence[int]) -> list[CandidateRecord]:
        """The records at some places."""
        found: dict[int, list[Found]] = {place: [] for place in places}
        for plan, at, ranks, scores in self.plans:
            for row in compress(count(), map(found.__contains__, at)):
                found[at[row]].append(_found_at((plan, ranks[row], scores[row])))
        for place in self.odd.keys() & found.keys():
            order = {plan: number for number, plan in enumerate(self.odd[place])}
            # what the order lacks, as that of a damaged record may, comes last: a record made late can refuse no more
            found[place] = sorted(found[place], key=lambda one: order.get(one.plan, len(order)))
        return [self._made(place, tuple(by)) for place, by in found.items()]

    def _made(self, at: int, found: tuple[Found, ...]) -> CandidateRecord:
        index = self.indexes if isinstance(self.indexes, str) else self.indexes[at]
        key = DocKey(index, self.ids[at], self.routing.get(at))
        return CandidateRecord(key, found, None, self.objects.get(at), self.teams[at] if self.teams else None)

    @overload
    def __getitem__(self, at: int) -> CandidateRecord: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[CandidateRecord, ...]: ...
    def __getitem__(self, at: int | slice) -> CandidateRecord | tuple[CandidateRecord, ...]:
        return self.records[at]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[CandidateRecord]:
        return iter(self.records)

    def __eq__(self, other: object) -> bool:
        return self.records == (other.records if isinstance(other, Columns) else other)

    def __hash__(self) -> int:
        return hash(self.records)

    def __repr__(self) -> str:
        return repr(self.records)


Candidates = Sequence[CandidateRecord]


def ids_of(candidates: Candidates) -> Sequence[str]:
    return candidates.ids if isinstance(candidates, Columns) else [c.key.id for c in candidates]


def objects_of(candidates: Candidates) -> Mapping[int, str]:
    """By place, the names that events use, of those that have one."""
    if isinstance(candidates, Columns):
        return candidates.objects
    return {place: c.object_id for place, c in enumerate(candidates) if c.object_id is not None}


def named(candidates: Candidates, ids: Collection[str]) -> list[CandidateRecord]:
    """Those with some ids, in their order."""
    if isinstance(candidates, Columns):
        return candidates.named(ids)
    return [c for c in candidates if c.key.id in ids]


def ranked(candidates: Candidates, ids: Collection[str]) -> Iterator[tuple[str, str, int]]:
    """(`_id`, plan, rank) of those with some ids, in any order."""
    if isinstance(candidates, Columns):
        return candidates.ranked(ids)
    return ((c.key.id, f.plan, f.rank) for c in candidates if c.key.id in ids for f in c.found)


def firsts(candidates: Candidates, most: int) -> Firsts:
    """What each plan had among its first `most`; under an id that it had twice, the better."""
    if isinstance(candidates, Columns):
        return {column.plan: first for column in candidates.plans if (first := _first(candidates.ids, column, most))}
    found: Firsts = {}
    for candidate in candidates:
        for plan, rank, score in candidate.found:
            of_plan = found.setdefault(plan, {}) if rank <= most else {}
            if rank <= most and rank < of_plan.get(candidate.key.id, (most + 1, 0.0))[0]:
                of_plan[candidate.key.id] = (rank, score)
    return found


def _first(ids: Sequence[str], column: PlanColumn, most: int) -> dict[str, tuple[int, float]]:
    _, at, ranks, scores = column
    last = bisect_right(ranks, most)
    rows = [*zip(map(ids.__getitem__, at[:last]), zip(ranks[:last], scores[:last], strict=True), strict=True)]
    first = dict(rows)
    # backwards where one is there twice, so that the better one is put last
    return first if len(first) == len(rows) else dict(reversed(rows))
