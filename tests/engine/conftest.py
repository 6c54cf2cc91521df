"""An index that the tests of the engine search."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch, helpers

from tests.engine.worlds import COLOURS


@pytest.fixture
def products(client: OpenSearch, index_name: str) -> Iterator[str]:
    """60 documents: every third is a shoe of a colour; every other is in stock."""
    body = {
        "settings": {"number_of_shards": 1, "number_of_replicas": 0},
        "mappings": {"properties": {"sku": {"type": "keyword"}, "some": {"type": "keyword"}}},
    }
    client.indices.create(index=index_name, body=body)
    actions = [
        {
            "_index": index_name,
            "_id": str(i),
            "_source": {
                "title": f"{COLOURS[i % 3]} {'shoes' if i < 30 else 'boots'}",
                "body": f"number {i} made of {'leather' if i % 4 else 'canvas'} shoes",
                "stock": i % 2,
                "sku": str(i),
                "some": str(i) if i % 2 else None,
            },
        }
        for i in range(60)
    ]
    helpers.bulk(client, actions, refresh=True)
    yield index_name
    client.indices.delete(index=index_name)
