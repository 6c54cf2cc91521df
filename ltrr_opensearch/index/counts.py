"""Where what was counted of an index is kept: in chunks in `{prefix}_jobs`, and a note that says which of them hold.

The note is written last, so a run that is broken off leaves what was known before, with its marks: nothing is lost.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from opensearchpy import OpenSearch

from ltrr_opensearch.errors import ModelError, PartError
from ltrr_opensearch.index.gazetteer import gazetteer_of
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.refresh import Known, Refreshed, refreshed
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.counted import Counted
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.members import Pair
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.parts import PartStore
from ltrr_opensearch.types import Json

KIND = "counts"


class CountStore:
    def __init__(self, client: OpenSearch, prefix: str, key: str, now: Callable[[], datetime]) -> None:
        self._key, self._now = key, now
        self._jobs, self._parts = JobStore(client, prefix), PartStore(client, f"{prefix}_jobs", now)

    def read(self) -> Known | None:
        """None where nothing is kept, or nothing that this version can read."""
        version = self._jobs.counts_of(self._key)
        if version is None:
            return None
        try:
            part = self._parts.read(self._key, KIND, version)
            return Known(Counted.from_bytes(part.payload), **part.meta)
        except (ModelError, PartError, TypeError):
            return None

    def write(self, known: Known) -> None:
        payload = known.counted.to_bytes()
        meta: Json = {"read_for": known.read_for, "marks": dict(known.marks), "whole": dict(known.whole)}
        told = hashlib.sha256(payload + json.dumps(meta, sort_keys=True).encode())
        version, before = told.hexdigest()[:12], self._jobs.counts_of(self._key)
        if version == before:
            return
        at = self._now()
        part = replace(Part.of(KIND, self._key, "json", payload, at, meta), version=version)
        self._parts.write(self._key, part)
        self._jobs.save_counts_of(self._key, version, at)
        if before is not None:
            self._parts.delete(self._key, KIND, before)


class ValueReader:
    """Makes an index's gazetteer, of all documents or of what was written since; `keep` keeps what was counted."""

    def __init__(
        self, client: OpenSearch, key: str, settings: IndexSettings, store: CountStore, *, again: bool = False
    ) -> None:
        self._client, self._key, self._settings, self._store, self._again = client, key, settings, store, again
        self._refreshed: Refreshed | None = None

    def gazetteer(self, clicks: Mapping[Pair, float]) -> Gazetteer:
        known = self._store.read()
        self._refreshed = refreshed(self._client, self._key, self._settings, known, again=self._again)
        return gazetteer_of(self._refreshed.known.counted, self._refreshed.documents, self._settings, clicks)

    @property
    def said(self) -> str:
        """What was read, and why; empty where nothing was."""
        return self._refreshed.said if self._refreshed else ""

    def keep(self) -> None:
        if self._refreshed:
            self._store.write(self._refreshed.known)
