"""The best that can serve of the current release: a part that is damaged gives way to its predecessor.

Parts are trained and published one by one, so an older one beside newer ones is nothing new. A kind of which no
version can be used is left out, as before it was first published: no ranker is the fused order, no policy the safe
plan.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ltrr_opensearch.errors import PartError
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.store import Published, Release

T = TypeVar("T")

TRIED = 3
"""Versions of a part that are tried, the current one and its predecessors."""


class Publications(Protocol):
    """What is read of a `ReleaseStore`."""

    def history(self, index: str) -> list[Published]: ...
    def part(self, index: str, kind: str, version: str) -> Part: ...


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """What serves under a release's id; `faults` say which of its parts could not be used."""

    id: str
    built: T
    faults: tuple[PartError, ...]


def load(store: Publications, index: str, build: Callable[[Release], T]) -> Loaded[T] | None:
    """None before anything was published. An error of `build` that blames no part is raised as it came."""
    line = lineage(store.history(index))
    if not line:
        return None
    current = line[0]
    versions = {kind: deque(_versions(line, kind)) for kind in current.versions}
    parts: dict[str, Part] = {}
    faults: list[PartError] = []

    def take(kind: str) -> None:
        """The next version that can be read, or none of the kind."""
        parts.pop(kind, None)
        while versions[kind] and kind not in parts:
            try:
                parts[kind] = store.part(index, kind, versions[kind].popleft())
            except PartError as fault:
                faults.append(fault)

    for kind in versions:
        take(kind)
    while True:
        try:
            built = build(Release(current.id, index, current.created, dict(parts)))
            return Loaded(current.id, built, tuple(faults))
        except PartError as fault:
            if fault.kind not in parts:
                raise
            faults.append(fault)
            take(fault.kind)


def lineage(history: Sequence[Published]) -> list[Published]:
    """The current release, the one that it replaced, and so on."""
    by_id = {release.id: release for release in history}
    one = next((release for release in history if release.current), None)
    line: list[Published] = []
    while one is not None and one not in line:
        line.append(one)
        one = by_id.get(one.parent or "")
    return line


def _versions(line: Sequence[Published], kind: str) -> list[str]:
    return list(dict.fromkeys(r.versions[kind] for r in line if kind in r.versions))[:TRIED]
