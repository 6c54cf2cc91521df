"""Published parts and the pointer to those that serve, in two indexes of ours.

A part is written as chunks under a version that never changes. One document an index says which versions serve; a
single conditional write of it switches all of them at once, and it keeps the last releases for going back.
"""

from __future__ import annotations

import hashlib
import logging
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError, TransportError

from ltrr_opensearch.errors import ClusterError, Conflict, ModelError
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.unused import WRITTEN, Versions, delete_unused
from ltrr_opensearch.types import Json

_log = logging.getLogger(__name__)

CHUNK_BYTES = 4 * 2**20
KEPT_RELEASES = 50
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

    def publish(
        self, index: str, parts: Mapping[str, Part], note: str = "", without: Collection[str] = frozenset()
    ) -> str:
        """Write the parts and switch to them, returning the release's id.

        Kinds that are not given stay as they are, but for those to go on `without`.
        """
        for part in parts.values():
            self._write(index, part)
        created = self._clock().astimezone(UTC)

        def switch(state: Json) -> None:
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
        """Make a release of the history the current one."""

        def switch(state: Json) -> None:
            if release not in (known := [r["id"] for r in state["releases"]]):
                raise ModelError(f"index {index!r} has no release {release!r}; known: {', '.join(known) or 'none'}")
            state["current"] = release

        return self._switch(index, switch)

    def rollback(self, index: str) -> str:
        """Go back to the release that the current one replaced."""

        def switch(state: Json) -> None:
            parent = _current(state).get("parent")
            if parent not in [r["id"] for r in state["releases"]]:
                raise ModelError(f"index {index!r} has no release before {state['current'] or 'the first'}")
            state["current"] = parent

        return self._switch(index, switch)

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

    def part(self, index: str, kind: str, version: str) -> Part:
        """One published part, its checksum verified before anything is made of its bytes."""
        name = _part_name(index, kind, version)
        first = self._chunk(name, 0)
        payload = b"".join(
            [
                b64decode(first["payload"]),
                *(b64decode(self._chunk(name, i)["payload"]) for i in range(1, first["chunks"])),
            ]
        )
        if (found := hashlib.sha256(payload).hexdigest()) != first["sha256"]:
            raise ModelError(
                f"{kind} {version} of index {index!r} is damaged: sha256 {found[:12]} instead of "
                f"{first['sha256'][:12]}; publish again with `ltrr learn`, or `ltrr models rollback`"
            )
        return Part(
            kind=kind,
            index=index,
            version=version,
            algorithm=first["algorithm"],
            payload=payload,
            sha256=found,
            created=datetime.fromisoformat(first["created"]),
            meta=first["meta"],
            checks=first["checks"],
            metrics=first["metrics"],
        )

    def meta(self, index: str, kind: str, version: str) -> Json:
        """What a part says of itself, without its bytes; empty where it is lost."""
        id, only = f"{_part_name(index, kind, version)}-0", {"_source_includes": "meta"}
        found = self._client.get(index=self._models, id=id, params=only, ignore=404)
        meta: Json = found.get("_source", {}).get("meta", {})
        return meta

    def _write(self, index: str, part: Part) -> None:
        if hashlib.sha256(part.payload).hexdigest() != part.sha256:
            raise ModelError(f"{part.kind} {part.version} of index {index!r} was changed after its checksum was taken")
        name = _part_name(index, part.kind, part.version)
        starts = range(0, len(part.payload), CHUNK_BYTES) or range(1)
        for chunk in reversed(
            range(len(starts))
        ):  # the first, which makes the part readable, is the last to be written
            document: Json = {"kind": part.kind, "index": index, "version": part.version, "chunk": chunk}
            document[WRITTEN] = self._clock().astimezone(UTC).isoformat()
            document["payload"] = b64encode(part.payload[starts[chunk] : starts[chunk] + CHUNK_BYTES]).decode()
            if chunk == 0:
                document |= {"chunks": len(starts), "sha256": part.sha256, "algorithm": part.algorithm}
                document |= {"created": part.created.isoformat(), "meta": part.meta}
                document |= {"checks": part.checks, "metrics": part.metrics}
            self._client.index(index=self._models, id=f"{name}-{chunk}", body=document)

    def _tidy(self, index: str) -> None:
        """Old parts that went with their releases. The release stands, whether this works or not."""
        try:
            delete_unused(self._client, self._models, index, lambda: self._used(index), self._clock().astimezone(UTC))
        except (ClusterError, TransportError) as error:
            _log.warning("old parts of index %r stay in %s: %s", index, self._models, error)

    def _used(self, index: str) -> Versions:
        return {part for release in self._state(index)[0]["releases"] for part in release["versions"].items()}

    def _chunk(self, name: str, chunk: int) -> Json:
        found = self._client.get(index=self._models, id=f"{name}-{chunk}", ignore=404)
        if not found.get("found"):
            raise ModelError(
                f"part {name} lacks its chunk {chunk} in {self._models}; publish again, or `ltrr models rollback`"
            )
        source: Json = found["_source"]
        return source

    def _state(self, index: str) -> tuple[Json, Json]:
        """The index's pointer document and the condition under which it may be replaced."""
        found = self._client.get(index=self._releases, id=_encoded(index), ignore=404)
        if not found.get("found"):
            return {"index": index, "current": None, "releases": []}, {"op_type": "create"}
        return found["_source"], {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}

    def _switch(self, index: str, change: Callable[[Json], None]) -> str:
        for _ in range(ATTEMPTS):
            state, condition = self._state(index)
            change(state)
            state["created"] = self._clock().astimezone(UTC).isoformat()
            params: Any = {**condition, "refresh": "true"}
            try:
                self._client.index(index=self._releases, id=_encoded(index), body=state, params=params)
            except ConflictError:
                continue
            return str(state["current"])
        raise Conflict(f"releases of index {index!r} are being changed by others all the time; try again later")


def _encoded(index: str) -> str:
    """An index key may hold wildcards and commas, which an `_id` in a URL should not."""
    return quote(index, safe="")


def _part_name(index: str, kind: str, version: str) -> str:
    return f"{kind}-{_encoded(index)}-{version}"


def _current(state: Json) -> Json:
    return next((r for r in state["releases"] if r["id"] == state["current"]), {})


def _release_id(created: datetime, versions: Mapping[str, str]) -> str:
    digest = hashlib.sha256(repr(sorted(versions.items())).encode()).hexdigest()
    return f"{created:%Y%m%dT%H%M%S}-{digest[:6]}"
