"""Reads documents as proposals see them, from `_source`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.index.texts import includes, leaves_of
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.propose.written import Written, texts_of
from ltrr_opensearch.types import Json, Vector

SAMPLE = 10_000
"""Documents that teach; what one result window holds by default."""
PAGE = 500


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
        texts = [v for f in self.texts for v in leaves_of(source, f.split(".")) if isinstance(v, str)]
        values = {f: stated for f in self.fields if (stated := _stated(source, f))}
        return Written(id, texts_of(texts), values, _unit(source.get(self.vector)) if self.vector else None)


def sample(client: OpenSearch, index: str, reading: Reading, size: int = SAMPLE) -> list[Written]:
    """Documents drawn at random, in the order of their ids."""
    return sorted(islice(_sampled(client, index, reading), size), key=lambda document: document.id)


def _sampled(client: OpenSearch, index: str, reading: Reading) -> Iterator[Written]:
    chance = {"function_score": {"random_score": {"seed": 0, "field": "_seq_no"}}}
    body: Json = {"query": chance, "size": PAGE, "_source": reading.source, "track_total_hits": False}
    for offset in range(0, SAMPLE, PAGE):
        try:
            hits = client.search(index=index, body={**body, "from": offset})["hits"]["hits"]
        except OpenSearchException as e:
            raise ClusterError(f"cannot read a sample of {index!r}: {e}") from e
        yield from (reading.written(hit["_id"], hit["_source"]) for hit in hits)
        if len(hits) < PAGE:
            return


def _stated(source: Mapping[str, Any], field: str) -> tuple[str, ...]:
    leaves = leaves_of(source, field.split("."))
    said = (str(leaf).lower() if isinstance(leaf, bool) else str(leaf) for leaf in leaves)
    return tuple(text for text in said if text.strip())


def _unit(vector: object) -> Vector | None:
    if not isinstance(vector, list):
        return None
    row = np.asarray(vector, dtype=np.float32)
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-12), dtype=np.float32)
