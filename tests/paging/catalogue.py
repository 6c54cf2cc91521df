"""An index to page through: what the client's query matches, what only other plans find, and vectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
from opensearchpy import OpenSearch, helpers

from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.index_settings import IndexSettings, VectorSettings
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Json, Vector

SETTINGS = IndexSettings(
    text_fields={"title": 2, "body": 1},
    vector=VectorSettings(field="vector", dimension=4, backfill=False),
)
QUERY = {"match": {"title": "shoes"}}
"""Matches every second document of the first `MATCHING`; our own plans look at the body as well."""
MATCHING = 240
WHOLE = 300


def document(number: int) -> Json:
    shoe = number % 2 == 0 and number < MATCHING
    return {
        "title": f"{'shoes' if shoe else 'hat'} {'red ' * (number % 5)}",
        "body": f"goes with {'shoes' if number % 7 == 0 else 'gloves'}",
        "vector": vector(number).tolist(),
        "stock": number % 3,
    }


def matching() -> set[str]:
    return {str(n) for n in range(0, MATCHING, 2)}


def vector(number: int) -> Vector:
    direction = np.random.default_rng(number).normal(size=4)
    return np.asarray(direction / np.linalg.norm(direction), dtype=np.float32)


class Encoder:
    """Embeds every text alike: near to the document 299, which the query does not match."""

    def at_hand(self, text: str) -> Vector | None:
        return None

    async def encode(self, text: str) -> Vector:
        return vector(299)


def add(client: OpenSearch, index: str, numbers: Iterable[int]) -> None:
    helpers.bulk(client, [{"_index": index, "_id": str(n), "_source": document(n)} for n in numbers], refresh=True)


def remove(client: OpenSearch, index: str, ids: Iterable[str]) -> None:
    helpers.bulk(client, [{"_op_type": "delete", "_index": index, "_id": id} for id in ids], refresh=True)


@contextmanager
def made(client: OpenSearch, index: str, shards: int = 2) -> Iterator[str]:
    """The index, and one for its pages beside it, which is called after it."""
    properties = {
        "title": {"type": "text"},
        "body": {"type": "text"},
        "stock": {"type": "integer"},
        "vector": {"type": "knn_vector", "dimension": 4, "method": {"name": "hnsw", "engine": "lucene"}},
    }
    own = {"number_of_shards": shards, "number_of_replicas": 0, "knn": True}
    client.indices.create(index=index, body={"settings": {"index": own}, "mappings": {"properties": properties}})
    add(client, index, range(WHOLE))
    pages = next(t for t in load_templates(StateSettings(prefix=index)) if t.name == f"{index}_pages")
    client.indices.create(index=f"{index}_pages", body=pages.body["template"])
    yield index
    client.indices.delete(index=f"{index},{index}_pages")
