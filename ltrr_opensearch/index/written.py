"""Reads documents as proposals see them, from `_source`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from opensearchpy import OpenSearch

from ltrr_opensearch.index.sample import SAMPLE, drawn
from ltrr_opensearch.index.texts import includes, leaves_of
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.propose.written import Written, texts_of
from ltrr_opensearch.types import Vector


@dataclass(frozen=True, slots=True)
class Reading:
    """`fields`: slot fields; `vector`: where embeddings are, if anywhere."""

    texts: tuple[str, ...]
    fields: tuple[str, ...]
    vector: str | None

    @classmethod
    def of(cls, index: IndexSettings, fields: Sequence[str]) -> Reading:
        heaviest_first = sorted(index.text_fields, key=lambda field: -index.text_fields[field])
        return cls(tuple(heaviest_first), tuple(fields), index.vector.field if index.vector else None)

    @property
    def source(self) -> list[str]:
        return includes([*self.texts, *self.fields, *([self.vector] if self.vector else ())])

    def written(self, id: str, source: Mapping[str, Any]) -> Written:
        texts = ([v for v in leaves_of(source, f.split(".")) if isinstance(v, str)] for f in self.texts)
        values = {f: stated for f in self.fields if (stated := _stated(source, f))}
        return Written(id, texts_of(texts), values, _unit(source.get(self.vector)) if self.vector else None)


def sample(client: OpenSearch, index: str, reading: Reading, size: int = SAMPLE) -> list[Written]:
    """Documents drawn at random, in the order of their ids."""
    hits = drawn(client, index, {"_source": reading.source}, size)
    return sorted((reading.written(hit["_id"], hit["_source"]) for hit in hits), key=lambda document: document.id)


def _stated(source: Mapping[str, Any], field: str) -> tuple[str, ...]:
    leaves = leaves_of(source, field.split("."))
    said = (str(leaf).lower() if isinstance(leaf, bool) else str(leaf) for leaf in leaves)
    return tuple(text for text in said if text.strip())


def _unit(vector: object) -> Vector | None:
    if not isinstance(vector, list):
        return None
    row = np.asarray(vector, dtype=np.float32)
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-12), dtype=np.float32)
