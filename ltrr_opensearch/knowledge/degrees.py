"""To what degree entities belong to others: an artist to genres, by the share of the artist's songs that are of each.

The share is shrunk to what is usual, as if DOUBT more documents of the entity had been like all others (the mean of a
beta distribution): one jazz song makes no jazz artist. Documents that say nothing of groups are not counted: tags are
missing more often than not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.beliefs import DOUBT
from ltrr_opensearch.knowledge.members import Member, most_interesting, usual_shares
from ltrr_opensearch.knowledge.slot_values import trie_from

_BETWEEN = "\t"
_ARRAYS = {"starts": "<u4", "which": "<u4", "shares": "<f4", "interests": "<f4", "usual": "<f4", "documents": "<f4"}


class Belonging(NamedTuple):
    key: str
    degree: float


@dataclass(frozen=True, slots=True)
class Degrees:
    """The pairs of group i are those from starts[i] to starts[i + 1], in the order of their members' numbers."""

    members: marisa_trie.Trie
    groups: marisa_trie.Trie
    starts: NDArray[np.uint32]
    which: NDArray[np.uint32]
    """The member of each pair."""
    shares: NDArray[np.float32]
    """The degree of each pair."""
    interests: NDArray[np.float32]
    """In each member."""
    documents: NDArray[np.float32]
    """Of each member, those that tell of groups."""
    usual: NDArray[np.float32]
    """Of each group, its share of all documents."""

    @classmethod
    def of(cls, members: Sequence[Member] = ()) -> Degrees:
        usual, kept = usual_shares(members), most_interesting(members)
        names = marisa_trie.Trie([_name(one.degree, one.key) for one in kept])
        groups = marisa_trie.Trie([_name(*slot) for slot in usual])
        by_number = sorted(kept, key=lambda one: names[_name(one.degree, one.key)])
        pairs: list[list[tuple[int, float]]] = [[] for _ in range(len(groups))]
        for number, one in enumerate(by_number):
            for group, count in one.groups.items():
                degree = (count + DOUBT * usual[one.degree, group]) / (one.documents + DOUBT)
                pairs[groups[_name(one.degree, group)]].append((number, degree))
        flat = [pair for of in pairs for pair in of]
        return cls(
            names,
            groups,
            np.concatenate(([0], np.cumsum([len(of) for of in pairs], dtype=np.int64))).astype(np.uint32),
            np.array([number for number, _ in flat], np.uint32),
            np.array([degree for _, degree in flat], np.float32),
            np.array([one.interest for one in by_number], np.float32),
            np.array([one.documents for one in by_number], np.float32),
            np.array([usual[slot] for slot in sorted(usual, key=lambda slot: groups[_name(*slot)])], np.float32),
        )

    def most(self, degree: str, groups: Sequence[str], limit: int) -> list[Belonging]:
        """Members of any of the groups, each by its largest degree; the interesting ones first, times their degree."""
        found: dict[int, float] = {}
        for start, end in self._stretches(degree, groups):
            shares, which = self.shares[start:end], self.which[start:end]
            best = np.argsort(-shares * self.interests[which], kind="stable")[:limit]
            for member, share in zip(which[best].tolist(), shares[best].tolist(), strict=True):
                found[member] = max(found.get(member, 0.0), share)
        order = sorted(found, key=lambda member: -found[member] * float(self.interests[member]))[:limit]
        return [Belonging(self.members.restore_key(member).split(_BETWEEN, 1)[1], found[member]) for member in order]

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
        if number is None:
            return
        for name in groups:
            if (group := self.groups.get(_name(degree, name))) is not None:
                start, end = int(self.starts[group]), int(self.starts[group + 1])
                place = start + int(np.searchsorted(self.which[start:end], number))
                usual = float(self.usual[group])
                there = place < end and self.which[place] == number
                yield float(self.shares[place]) if there else self._without(number, usual), usual

    def _without(self, number: int, usual: float) -> float:
        """The degree of a member none of whose documents is of the group."""
        return DOUBT * usual / (float(self.documents[number]) + DOUBT)

    def _stretches(self, degree: str, groups: Sequence[str]) -> Iterator[tuple[int, int]]:
        for name in groups:
            if (group := self.groups.get(_name(degree, name))) is not None:
                yield int(self.starts[group]), int(self.starts[group + 1])

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
        members, groups, pairs = len(self.members), len(self.groups), len(self.which)
        fits = (
            (len(self.starts), len(self.usual)) == (groups + 1, groups)
            and len(self.interests) == len(self.documents) == members
            and len(self.shares) == pairs == int(self.starts[-1])
            and bool((np.diff(self.starts.astype(np.int64)) >= 0).all())
            and (not pairs or int(self.which.max()) < members)
        )
        if not fits:
            raise ModelError("gazetteer: its degrees do not fit one another; publish it again with `ltrr setup`")


def _name(degree: str, key: str) -> str:
    return f"{degree}{_BETWEEN}{key}"
