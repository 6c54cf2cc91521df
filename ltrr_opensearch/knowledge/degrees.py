"""To what degree entities belong to others: an artist to genres, by the share of the artist's songs that are of each.

The share is shrunk to what is usual, as if DOUBT more documents of the entity had been like all others (the mean of a
beta distribution): one jazz song makes no jazz artist. Documents that say nothing of groups are not counted: tags are
missing more often than not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, NamedTuple

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.beliefs import DOUBT
from ltrr_opensearch.knowledge.members import Member, most_interesting, usual_shares
from ltrr_opensearch.knowledge.slot_values import trie_from

MOST_LISTED = 200
"""Of a group, the members of most interest times degree that are listed, so that a clause stays small."""
_BETWEEN = "\t"
_ARRAYS = {
    "starts": "<u4",
    "which": "<u4",
    "shares": "<f4",
    "interests": "<f4",
    "documents": "<f4",
    "firsts": "<u4",
    "listed": "<u4",
    "listed_shares": "<f4",
    "usual": "<f4",
}


class Belonging(NamedTuple):
    key: str
    degree: float


@dataclass(frozen=True, slots=True)
class Degrees:
    """Groups of member i are those from starts[i] to starts[i + 1], listed members of group i from firsts[i] on."""

    members: marisa_trie.Trie
    groups: marisa_trie.Trie
    starts: NDArray[np.uint32]
    which: NDArray[np.uint32]
    """Groups of members."""
    shares: NDArray[np.float32]
    """The degree to which the member belongs to each of these."""
    interests: NDArray[np.float32]
    """In each member."""
    documents: NDArray[np.float32]
    """Of each member, those that tell of groups."""
    firsts: NDArray[np.uint32]
    listed: NDArray[np.uint32]
    """Members of groups."""
    listed_shares: NDArray[np.float32]
    """The degree to which each of these belongs to the group."""
    usual: NDArray[np.float32]
    """Of each group, its share of all documents."""

    @classmethod
    def of(cls, members: Sequence[Member] = ()) -> Degrees:
        usual, kept = usual_shares(members), most_interesting(members)
        names = marisa_trie.Trie([_name(one.degree, one.key) for one in kept])
        groups = marisa_trie.Trie([_name(*slot) for slot in usual])
        by_number = sorted(kept, key=lambda one: names[_name(one.degree, one.key)])
        pairs = [
            [(groups[_name(one.degree, key)], _degree(one, key, usual)) for key in one.groups] for one in by_number
        ]
        listed = _listed(by_number, pairs, len(groups))
        return cls(
            names,
            groups,
            _offsets(pairs),
            np.array([group for of in pairs for group, _ in of], np.uint32),
            np.array([degree for of in pairs for _, degree in of], np.float32),
            np.array([one.interest for one in by_number], np.float32),
            np.array([one.documents for one in by_number], np.float32),
            _offsets(listed),
            np.array([member for of in listed for member, _ in of], np.uint32),
            np.array([degree for of in listed for _, degree in of], np.float32),
            np.array([usual[slot] for slot in sorted(usual, key=lambda slot: groups[_name(*slot)])], np.float32),
        )

    def most(self, degree: str, groups: Sequence[str], limit: int = MOST_LISTED) -> list[Belonging]:
        """Members of any of the groups, each by its largest degree; the interesting ones first, times their degree."""
        places = [slice(self.firsts[group], self.firsts[group + 1]) for group in self._numbers(degree, groups)]
        if not places:
            return []
        members, shares = (np.concatenate([of[place] for place in places]) for of in (self.listed, self.listed_shares))
        by_member = np.lexsort((-shares, members))
        members, shares = members[by_member], shares[by_member]
        largest = np.append(True, members[1:] != members[:-1])  # of each member, the first
        members, shares = members[largest], shares[largest]
        order = np.argsort(-shares * self.interests[members], kind="stable")[:limit]
        named = zip(members[order].tolist(), shares[order].tolist(), strict=True)
        return [Belonging(self.members.restore_key(member).split(_BETWEEN, 1)[1], share) for member, share in named]

    def degree(self, degree: str, member: str, groups: Sequence[str]) -> float | None:
        """Largest of those to which a member belongs to the groups; None where nothing is known of it or of them."""
        return max((share for share, _ in self._known(degree, member, groups)), default=None)

    def lift(self, degree: str, members: Sequence[str], groups: Sequence[str]) -> float | None:
        """How many times likelier than usual a document of a member is one of a group, at most.

        None where nothing is known.
        """
        lifts = (share / max(usual, 1e-9) for key in members for share, usual in self._known(degree, key, groups))
        return max(lifts, default=None)

    def _known(self, degree: str, member: str, groups: Sequence[str]) -> Iterator[tuple[float, float]]:
        """The member's degree to each group, and what is usual for it."""
        number = self.members.get(_name(degree, member))
        for group in self._numbers(degree, groups) if number is not None else ():
            yield self._share(number, group), float(self.usual[group])

    def _share(self, member: int, group: int) -> float:
        start, end = int(self.starts[member]), int(self.starts[member + 1])
        for place, known in enumerate(self.which[start:end].tolist(), start):
            if known == group:
                return float(self.shares[place])
        return DOUBT * float(self.usual[group]) / (float(self.documents[member]) + DOUBT)

    def _numbers(self, degree: str, groups: Sequence[str]) -> Iterator[int]:
        for name in groups:
            if (group := self.groups.get(_name(degree, name))) is not None:
                yield group

    @property
    def nbytes(self) -> int:
        arrays = sum(getattr(self, name).nbytes for name in _ARRAYS)
        return int(arrays) + len(self.members.tobytes()) + len(self.groups.tobytes())

    def blobs(self) -> dict[str, bytes]:
        arrays = {f"degree_{name}": getattr(self, name).astype(kind).tobytes() for name, kind in _ARRAYS.items()}
        return {**arrays, "degree_members": self.members.tobytes(), "degree_groups": self.groups.tobytes()}

    @classmethod
    def from_blobs(cls, blobs: Mapping[str, bytes]) -> Degrees:
        arrays: dict[str, Any] = {name: np.frombuffer(blobs[f"degree_{name}"], kind) for name, kind in _ARRAYS.items()}
        degrees = cls(trie_from(blobs["degree_members"]), trie_from(blobs["degree_groups"]), **arrays)
        degrees._check()
        return degrees

    def _check(self) -> None:
        """That the arrays belong together, so that no look-up can leave them."""
        members, groups = len(self.members), len(self.groups)
        fits = (
            len(self.usual) == groups
            and len(self.interests) == len(self.documents) == members
            and len(self.shares) == len(self.which)
            and len(self.listed_shares) == len(self.listed)
            and _leads(self.starts, self.which, members, groups)
            and _leads(self.firsts, self.listed, groups, members)
        )
        if not fits:
            raise ModelError("gazetteer: its degrees do not fit one another; publish it again with `ltrr setup`")


def _name(degree: str, key: str) -> str:
    return f"{degree}{_BETWEEN}{key}"


def _degree(member: Member, group: str, usual: Mapping[tuple[str, str], float]) -> float:
    return (member.groups[group] + DOUBT * usual[member.degree, group]) / (member.documents + DOUBT)


def _listed(
    members: Sequence[Member], pairs: Sequence[Sequence[tuple[int, float]]], groups: int
) -> list[list[tuple[int, float]]]:
    """By group, its members of most interest times degree with their degrees, the best first."""
    found: list[list[tuple[float, int, float]]] = [[] for _ in range(groups)]
    for number, (one, of) in enumerate(zip(members, pairs, strict=True)):
        for group, degree in of:
            found[group].append((-degree * one.interest, number, degree))
    return [[(number, degree) for _, number, degree in nsmallest(MOST_LISTED, of)] for of in found]


def _offsets(rows: Sequence[Sequence[object]]) -> NDArray[np.uint32]:
    return np.concatenate(([0], np.cumsum([len(row) for row in rows], dtype=np.int64))).astype(np.uint32)


def _leads(starts: NDArray[np.uint32], which: NDArray[np.uint32], rows: int, others: int) -> bool:
    """Whether every row's stretch lies within `which`, and that names one of the others."""
    rising = bool((np.diff(starts.astype(np.int64)) >= 0).all())
    return len(starts) == rows + 1 and rising and int(starts[-1]) == len(which) and bool((which < others).all())
