"""What is counted of entities that belong to others to a degree, and what is usual among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

MAX_PAIRS = 1_000_000
"""Most pairs of a member and a group that are kept, those of interesting members first."""


@dataclass(frozen=True, slots=True)
class Member:
    """An artist, say. `documents`: those of its songs that belong to any genre; `groups`: to which, how many.

    A document may belong to several groups.
    """

    degree: str
    """Name of the declared degree."""
    key: str
    documents: float
    groups: Mapping[str, float]
    interest: float
    """Documents that belong to it, and their popularity in units of the average."""


Pair = tuple[str, str, str]
"""(name of the degree, key of the member, key of the group)."""


def with_clicks(members: Collection[Member], clicked: Mapping[Pair, float]) -> Iterator[Member]:
    """As if so many more documents of the member belonged to the group; also of one whose documents do not tell."""
    of: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for (degree, member, group), documents in clicked.items():
        of[degree, member][group] = documents
    for one in members:
        more = of.get((one.degree, one.key), {})
        groups = {group: one.groups.get(group, 0.0) + more.get(group, 0.0) for group in (*one.groups, *more)}
        yield replace(one, groups=groups, documents=one.documents + sum(more.values()))
    for degree, key in of.keys() - {(one.degree, one.key) for one in members}:
        documents = sum(of[degree, key].values())
        yield Member(degree, key, documents, of[degree, key], documents)


def usual_shares(members: Iterable[Member]) -> dict[tuple[str, str], float]:
    """By degree and group, its share of all documents that belong to any."""
    documents: defaultdict[str, float] = defaultdict(float)
    counts: defaultdict[tuple[str, str], float] = defaultdict(float)
    for one in members:
        documents[one.degree] += one.documents
        for group, count in one.groups.items():
            counts[one.degree, group] += count
    return {slot: count / max(documents[slot[0]], 1.0) for slot, count in counts.items()}


def most_interesting(members: Sequence[Member], most: int = MAX_PAIRS) -> list[Member]:
    """As many as have `most` groups together."""
    kept, pairs = [], 0
    for one in sorted(members, key=lambda one: (-one.interest, one.degree, one.key)):
        pairs += len(one.groups)
        if pairs > most:
            break
        kept.append(one)
    return kept
