"""How many people stand behind a remembered query, without a note of who they are. Pure.

Until enough have acted on a query, its entry holds keyed hashes of them; then it holds their number, and the hashes go.
The query is hashed along, so that nobody can put together what one person asked, and without `state.secret` nobody can
find a person by trying.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Self, TypeVar

from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Asker

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class People:
    """Those who acted on a query: `known` as hashes, or `enough`, the number that once was asked for and reached."""

    known: tuple[str, ...] = ()
    enough: int = 0

    def at_least(self, wanted: int) -> bool:
        return max(self.enough, len(self.known)) >= wanted

    def joined_by(self, others: Iterable[str], wanted: int) -> People:
        """With others who acted. Where more are wanted now than once were reached, counting starts afresh."""
        if self.enough >= wanted:
            return self
        known = tuple(dict.fromkeys([*self.known, *others]))
        return People(enough=wanted) if len(known) >= wanted else People(known, self.enough)


@dataclass(frozen=True, slots=True)
class Hashing:
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, state: StateSettings) -> Self:
        return cls(blake2b(state.secret.get_secret_value().encode(), person=b"ltrr memory").digest())

    def person(self, query: str, asker: Asker) -> str | None:
        """Who acted on a query: a user; else a client, or a session, which stand for one. None: nobody can tell."""
        who = asker.user or asker.client or asker.session
        if who is None:
            return None
        return blake2b(f"{query}\0{who}".encode("utf-8", "surrogatepass"), key=self.key, digest_size=8).hexdigest()


def capped(each: Iterable[tuple[T, str | None]], most: int) -> list[T]:
    """At most so many of one person, the first ones; where nobody can tell whose they are, all."""
    counts: Counter[str] = Counter()
    kept = []
    for one, who in each:
        if who is not None:
            counts[who] += 1
        if who is None or counts[who] <= most:
            kept.append(one)
    return kept
