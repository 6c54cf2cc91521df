"""What set-up and sync remember in `{prefix}_jobs`: which encoder fills which vector field, and how far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from opensearchpy import NotFoundError, OpenSearch

from ltrr_opensearch.index.fillers import DENSE
from ltrr_opensearch.types import Json


@dataclass(frozen=True, slots=True)
class VectorField:
    """A field of the index filled by one encoder. `complete`: no document lacked its vector when this was written."""

    name: str
    complete: bool


@dataclass(frozen=True, slots=True)
class VectorFields:
    """The fields of an index by the digest of their encoder."""

    by_encoder: Mapping[str, VectorField] = field(default_factory=dict)

    def name_for(self, digest: str, base: str) -> str:
        """The field that this encoder fills: the configured one for the first encoder, a new one for each later."""
        if digest in self.by_encoder:
            return self.by_encoder[digest].name
        taken = any(f.name == base for f in self.by_encoder.values())
        return f"{base}_{digest[:8]}" if taken else base

    def having(self, digest: str, entry: VectorField) -> VectorFields:
        return VectorFields({**self.by_encoder, digest: entry})


class JobStore:
    """Documents by id, read in real time; a missing index reads as nothing."""

    def __init__(self, client: OpenSearch, prefix: str) -> None:
        self._client = client
        self._index = f"{prefix}_jobs"

    def vector_fields(self, key: str, kind: str = DENSE) -> VectorFields:
        """`kind`: of embeddings, or of learned sparse vectors."""
        stored = self.get(f"{kind}-{key}").get("fields", [])
        return VectorFields({f["encoder"]: VectorField(f["field"], f["complete"]) for f in stored})

    def save_vector_fields(self, key: str, fields: VectorFields, at: datetime, kind: str = DENSE) -> None:
        rows = [{"encoder": d, "field": f.name, "complete": f.complete} for d, f in fields.by_encoder.items()]
        self.put(f"{kind}-{key}", {"kind": kind, "index": key, "updated": at.isoformat(), "fields": rows})

    def marks(self, key: str, digest: str) -> dict[str, int]:
        """Per shard, the sequence number up to which every document has its vector."""
        return {k: int(v) for k, v in self.get(f"sync-{key}-{digest}").get("marks", {}).items()}

    def save_marks(self, key: str, digest: str, marks: Mapping[str, int], at: datetime) -> None:
        body = {"kind": "sync", "index": key, "encoder": digest, "updated": at.isoformat(), "marks": dict(marks)}
        self.put(f"sync-{key}-{digest}", body)

    def loaded(self, job: str) -> int:
        """Lines of a file that an interrupted load had brought in."""
        return int(self.get(f"load-{job}").get("lines", 0))

    def save_loaded(self, job: str, key: str, lines: int, at: datetime) -> None:
        self.put(f"load-{job}", {"kind": "load", "index": key, "updated": at.isoformat(), "lines": lines})

    def gazetteer_of(self, key: str) -> tuple[str, str] | None:
        """The state of the index whose values were read last, and the checksum of what came of them."""
        found = self.get(f"gazetteer-{key}")
        return (found["made_of"], found["sha256"]) if found else None

    def save_gazetteer_of(self, key: str, made_of: str, sha256: str, at: datetime) -> None:
        body = {"kind": "gazetteer", "index": key, "updated": at.isoformat(), "made_of": made_of, "sha256": sha256}
        self.put(f"gazetteer-{key}", body)

    def counts_of(self, key: str) -> str | None:
        """The version of what was counted of an index's values."""
        return self.get(f"counts-{key}").get("version")

    def save_counts_of(self, key: str, version: str, at: datetime) -> None:
        body = {"kind": "counts", "index": key, "updated": at.isoformat(), "version": version}
        self.put(f"counts-{key}", body)

    def predicted(self, key: str) -> Json:
        """How far `ltrr predict-queries` came: `plan`, what was asked for, `least`, and `marks` as those of sync."""
        return self.get(f"predict-{key}")

    def save_predicted(self, key: str, plan: Json, least: float, marks: Mapping[str, int], at: datetime) -> None:
        body = {"kind": "predict", "index": key, "updated": at.isoformat(), "plan": plan, "least": least}
        self.put(f"predict-{key}", {**body, "marks": dict(marks)})

    def proposed(self, key: str) -> Json:
        """How far proposals came: `made`, by whom and for which settings, `marks` as those of sync, whether all was
        `done`, and `fields`, all that were ever written.
        """
        return self.get(f"proposed-{key}")

    def save_proposed(
        self, key: str, made: Json, fields: Sequence[str], marks: Mapping[str, int], at: datetime, *, done: bool
    ) -> None:
        body = {"kind": "proposed", "index": key, "updated": at.isoformat(), "made": made, "fields": list(fields)}
        self.put(f"proposed-{key}", {**body, "marks": dict(marks), "done": done})

    def get(self, id: str) -> Json:
        """What was noted under an id; empty where nothing was."""
        try:
            source: Json = self._client.get(index=self._index, id=id)["_source"]
        except NotFoundError:
            return {}
        return source

    def put(self, id: str, body: Json) -> None:
        self._client.index(index=self._index, id=id, body=body)


def serving_field(client: OpenSearch, prefix: str, key: str, digest: str, base: str, kind: str = DENSE) -> str | None:
    """The field that a proxy with this encoder may search: None while its vectors are still being written.

    Where we never wrote vectors (they come from elsewhere) it is the configured field.
    """
    fields = JobStore(client, prefix).vector_fields(key, kind)
    if not fields.by_encoder:
        return base
    entry = fields.by_encoder.get(digest)
    return entry.name if entry and entry.complete else None
