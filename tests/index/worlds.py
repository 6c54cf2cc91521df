"""Small indexes on the real node, and an encoder whose vectors can be told apart by eye."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from opensearchpy import OpenSearch

from ltrr_opensearch.index.backfill import Target
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.fillers import DenseFiller
from ltrr_opensearch.index.following import Tally
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.vector_mapping import properties
from ltrr_opensearch.index.vectors import Progress, fill
from ltrr_opensearch.index_settings import VectorSettings
from ltrr_opensearch.types import Json, Vector


class CountingEncoder:
    """Two numbers from a text's length, unit length; remembers what it was asked."""

    dimension = 2

    def __init__(self, digest: str = "d1", during: Callable[[Sequence[str]], None] = lambda _: None) -> None:
        self.digest = digest
        self.asked: list[str] = []
        self._during = during

    def encode(self, texts: Sequence[str]) -> Vector:
        self.asked += texts
        self._during(texts)
        angles = np.array([len(t) / 100 for t in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def make_index(client: OpenSearch, name: str, *, shards: int = 1, field: str = "vec") -> None:
    vector = properties(VectorSettings(field=field, dimension=2), field)
    body = {
        "settings": {"index.knn": True, "number_of_shards": shards, "number_of_replicas": 0},
        "mappings": {"properties": {"title": {"type": "text"}, **vector}},
    }
    client.indices.create(index=name, body=body)


def put(client: OpenSearch, index: str, id: str, body: Json, **params: str) -> None:
    client.index(index=index, id=id, body=body, params={"refresh": "true", **params})


def run_fill(
    client: OpenSearch, index: str, encoder: CountingEncoder, folder: Path, field: str = "vec"
) -> tuple[Tally, bool]:
    """The backfill of set-up and sync, with state under a prefix of the index's own."""
    return fill(
        client,
        f"{index}_ltrr",
        index,
        Target(field, ("title",), DenseFiller(encoder)),
        Failures(folder / "failed.jsonl"),
        Pace(None),
        Progress(start=lambda total: None, advance=lambda documents: None),
        lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )


def vector_of(client: OpenSearch, index: str, id: str, **params: str) -> list[float] | None:
    source: Json = client.get(index=index, id=id, params=params)["_source"]
    return source.get("vec")
