"""Published parts and the pointer to those that serve, in two indexes of ours.

A part is written as chunks under a version that never changes. One document an index says which versions serve; a
single conditional write of it switches all of them at once, and it keeps the last releases for going back.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError, TransportError

from ltrr_opensearch.errors import ClusterError, Conflict, ModelError
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.parts import PartStore, encoded
from ltrr_opensearch.release.unused import Versions, delete_unused
from ltrr_opensearch.types import Json

_log = logging.getLogger(__name__)

KEPT_RELEASES = 50
PINNED = "pinned"
"""Key of a state: the release that somebody went back to, which learning may not replace until it is unpinned."""
ATTEMPTS = 10
"""Learners that publish at the same moment try again this often."""


@dataclass(frozen=True, slots=True)
class Release:
    """A bundle of parts that serve together, by kind."""

    id: str
    index: str
    created: datetime
    parts: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Published:
    """A line of the history: a release without its parts' bytes. `versions` maps kinds to versions."""

    id: str
    created: datetime
    note: str
    parent: str | None
    versions: Mapping[str, str]
    current: bool


class ReleaseStore:
    def __init__(self, client: OpenSearch, prefix: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._client = client
        self._models, self._releases = f"{prefix}_models", f"{prefix}_releases"
        self._clock = clock
        self._parts = PartStore(client, self._models, clock)

    def publish(
        self,
        index: str,
        parts: Mapping[str, Part],
        note: str = "",
        without: Collection[str] = frozenset(),
        *,
        unless_pinned: bool = False,
    ) -> str:
        """Write the parts and switch to them, returning the release's id.

        Kinds that are not given stay as they are, but for those to go on `without`. `unless_pinned`: raises `Conflict`
        where somebody went back to an earlier release meanwhile, which what was learned must not undo.
        """
        for part in parts.values():
            self._parts.write(index, part)
        created = self._clock().astimezone(UTC)

        def switch(state: Json) -> None:
            if unless_pinned and (pinned := state.get(PINNED)):
                raise Conflict(f"index {index!r} is pinned to release {pinned}; to go on: ltrr models unpin")
            kept = {k: v for k, v in _current(state).get("versions", {}).items() if k not in without}
            versions = {**kept, **{k: p.version for k, p in parts.items()}}
            id = _release_id(created, versions)
            if id not in [r["id"] for r in state["releases"]]:
                entry = {"id": id, "created": created.isoformat(), "note": note, "versions": versions}
                state["releases"].append({**entry, "parent": state["current"]})
                state["releases"] = state["releases"][-KEPT_RELEASES:]
            state["current"] = id

        id = self._switch(index, switch)
        self._tidy(index)
        return id

    def promote(self, index: str, release: str) -> str:
        """Make a release of the history the current one, and pin it unless it is the newest."""

        def switch(state: Json) -> None:
            if release not in (known := [r["id"] for r in state["releases"]]):
                raise ModelError(f"index {index!r} has no release {release!r}; known: {', '.join(known) or 'none'}")
            state["current"] = release
            state[PINNED] = None if release == known[-1] else release

        return self._switch(index, switch)

    def rollback(self, index: str) -> str:
        """Go back to the release that the current one replaced, and pin it."""

        def switch(state: Json) -> None:
            parent = _current(state).get("parent")
            if parent not in [r["id"] for r in state["releases"]]:
                raise ModelError(f"index {index!r} has no release before {state['current'] or 'the first'}")
            state["current"] = state[PINNED] = parent

        return self._switch(index, switch)

    def pinned(self, index: str) -> str | None:
        """The release that somebody chose to stay with; None where what is learned may serve."""
        id: str | None = self._state(index)[0].get(PINNED)
        return id

    def unpin(self, index: str) -> str | None:
        """Lets what is learned serve again, from the next time on; returns the release that was pinned."""
        if (pinned := self.pinned(index)) is not None:
            self._switch(index, lambda state: state.update({PINNED: None}))
        return pinned

    def current_id(self, index: str) -> str | None:
        """The cheap question of a poll: which release serves."""
        id: str | None = self._state(index)[0]["current"]
        return id

    def current(self, index: str, check: Callable[[Part], None] | None = None) -> Release | None:
        """The serving release with its parts; `ModelError` where one is damaged or missing.

        `check` is called with each part once its checksum held, to compare its stored predictions.
        """
        entry = _current(self._state(index)[0])
        if not entry:
            return None
        parts = {kind: self.part(index, kind, version) for kind, version in entry["versions"].items()}
        for part in parts.values():
            if check:
                check(part)
        return Release(entry["id"], index, datetime.fromisoformat(entry["created"]), parts)

    def history(self, index: str) -> list[Published]:
        """Every release that is kept, the newest first."""
        state = self._state(index)[0]
        return [
            Published(
                id=r["id"],
                created=datetime.fromisoformat(r["created"]),
                note=r["note"],
                parent=r["parent"],
                versions=r["versions"],
                current=r["id"] == state["current"],
            )
            for r in reversed(state["releases"])
        ]

    def indexes(self) -> list[str]:
        """The keys of the indexes that have releases."""
        found = self._client.search(index=self._releases, body={"size": 1000, "_source": ["index"]}, ignore=404)
        return sorted(hit["_source"]["index"] for hit in found.get("hits", {}).get("hits", []))

    def parts_of(self, index: str, release: str, kinds: Collection[str]) -> dict[str, Part]:
        """Those parts of a kept release that are of these kinds, whether it serves or not."""
        known = {r["id"]: r["versions"] for r in self._state(index)[0]["releases"]}
        if release not in known:
            raise ModelError(f"index {index!r} has no release {release!r}; known: {', '.join(known) or 'none'}")
        return {kind: self.part(index, kind, version) for kind, version in known[release].items() if kind in kinds}

    def part(self, index: str, kind: str, version: str) -> Part:
        """One published part, its checksum verified; a `PartError` names it where it cannot be read."""
        return self._parts.read(index, kind, version)

    def meta(self, index: str, kind: str, version: str) -> Json:
        """What a part says of itself, without its bytes; empty where it is lost."""
        return self._parts.meta(index, kind, version)

    def _tidy(self, index: str) -> None:
        """Old parts that went with their releases. The release stands, whether this works or not."""
        try:
            delete_unused(self._client, self._models, index, lambda: self._used(index), self._clock().astimezone(UTC))
        except (ClusterError, TransportError) as error:
            _log.warning("old parts of index %r stay in %s: %s", index, self._models, error)

    def _used(self, index: str) -> Versions:
        return {part for release in self._state(index)[0]["releases"] for part in release["versions"].items()}

    def _state(self, index: str) -> tuple[Json, Json]:
        """The index's pointer document and the condition under which it may be replaced."""
        found = self._client.get(index=self._releases, id=encoded(index), ignore=404)
        if not found.get("found"):
            return {"index": index, "current": None, "releases": []}, {"op_type": "create"}
        state = found["_source"]
        if not isinstance(state.get("releases"), list) or not {"index", "current"} <= state.keys():
            raise ModelError(
                f"the releases of index {index!r} cannot be read: document {encoded(index)} of {self._releases} has no "
                "'current' and 'releases'; delete it and run `ltrr learn all`"
            )
        return state, {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}

    def _switch(self, index: str, change: Callable[[Json], None]) -> str:
        for _ in range(ATTEMPTS):
            state, condition = self._state(index)
            change(state)
            state["created"] = self._clock().astimezone(UTC).isoformat()
            params: Any = {**condition, "refresh": "true"}
            try:
                self._client.index(index=self._releases, id=encoded(index), body=state, params=params)
            except ConflictError:
                continue
            return str(state["current"])
        raise Conflict(f"releases of index {index!r} are being changed by others all the time; try again later")


def _current(state: Json) -> Json:
    return next((r for r in state["releases"] if r["id"] == state["current"]), {})


def _release_id(created: datetime, versions: Mapping[str, str]) -> str:
    digest = hashlib.sha256(repr(sorted(versions.items())).encode()).hexdigest()
    return f"{created:%Y%m%dT%H%M%S}-{digest[:6]}"
