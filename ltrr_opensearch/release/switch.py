"""The kill switch: one small document in `{prefix}_jobs` that says for which indexes learning is off.

Proxies read it by its id, which is in real time, at least every second (`proxy/switch.py`); whoever writes it replaces
what he has read, so that two operators at once undo nothing of each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError

from ltrr_opensearch.errors import Conflict
from ltrr_opensearch.types import Json

EVERYTHING = "*"
"""In the place of an index's key: all of them."""
DOCUMENT = "switch"
ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Off:
    """Since when (ISO 8601, UTC), and why, in the operator's words."""

    since: str
    why: str


@dataclass(frozen=True, slots=True)
class Switched:
    """What is off: keys of configured indexes, or `EVERYTHING`."""

    off: Mapping[str, Off] = field(default_factory=dict)

    def is_off(self, key: str) -> bool:
        return bool(self.off) and (EVERYTHING in self.off or key in self.off)

    def why(self, key: str) -> Off | None:
        return self.off.get(EVERYTHING) or self.off.get(key)


def read_document(source: Json) -> Switched:
    """From the document as it is stored; entries of another shape are still off, without a reason."""
    entries = source.get("off")
    if not isinstance(entries, dict):
        return Switched()
    told = {key: entry if isinstance(entry, dict) else {} for key, entry in entries.items()}
    return Switched({key: Off(str(entry.get("since", "")), str(entry.get("why", ""))) for key, entry in told.items()})


def index_of(prefix: str) -> str:
    return f"{prefix}_jobs"


class SwitchStore:
    def __init__(self, client: OpenSearch, prefix: str) -> None:
        self._client = client
        self._index = index_of(prefix)

    def read(self) -> Switched:
        return read_document(self._read()[0])

    def turn_off(self, key: str, why: str, at: datetime) -> Switched:
        """`key` is an index's, or `EVERYTHING`. What is off already keeps its time and reason."""
        return self._replace({key: Off(at.isoformat(), why)}, (), at)

    def turn_on(self, key: str, at: datetime) -> Switched:
        """`EVERYTHING` ends every entry, an index's key its own."""
        kept = self.read()
        if key != EVERYTHING and EVERYTHING in kept.off:
            raise Conflict(f"everything is switched off, so {key} alone cannot be on; turn all on first: ltrr on")
        return self._replace({}, tuple(kept.off) if key == EVERYTHING else (key,), at)

    def _replace(self, added: Mapping[str, Off], removed: tuple[str, ...], at: datetime) -> Switched:
        for _ in range(ATTEMPTS):
            found, condition = self._read()
            before = read_document(found).off
            after = {key: off for key, off in {**added, **before}.items() if key not in removed}
            entries = {key: {"since": off.since, "why": off.why} for key, off in after.items()}
            body = {"kind": "switch", "updated": at.isoformat(), "off": entries}
            try:
                self._client.index(index=self._index, id=DOCUMENT, body=body, params=condition)
            except ConflictError:
                continue
            return Switched(after)
        raise Conflict("the switch is being turned by others all the time; try again")

    def _read(self) -> tuple[Json, Any]:
        """The document, and the condition under which it may be replaced."""
        found = self._client.get(index=self._index, id=DOCUMENT, ignore=404)
        if not found.get("found"):
            return {}, {"op_type": "create"}
        return found["_source"], {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
