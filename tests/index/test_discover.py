"""From a mapping and a sample to a configuration that our own loader accepts."""

from __future__ import annotations

import pytest
import yaml
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.index.configuration_text import render
from ltrr_opensearch.index.survey import survey
from ltrr_opensearch.settings import Settings
from tests.index.worlds import put

MAPPING = {
    "properties": {
        "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "body": {"type": "text"},
        "brand": {"type": "keyword"},
        "heading": {"type": "alias", "path": "title"},
        "details": {"properties": {"colour": {"type": "keyword"}}},
        "offers": {"type": "nested", "properties": {"seller": {"type": "keyword"}}},
        "sales_count": {"type": "integer"},
        "released": {"type": "date"},
        "sku": {"type": "keyword"},
    }
}


def _fill(client: OpenSearch, name: str) -> None:
    client.indices.create(index=name, body={"mappings": MAPPING, "aliases": {f"{name}_alias": {}}})
    for n in range(20):
        document = {
            "title": f"fine shoe number {n}",
            "body": "a long description of what this is " * 3,
            "brand": ["Acme", "Bolt"][n % 2],
            "details": {"colour": ["red", "blue"][n % 2]},
            "offers": [{"seller": "x"}],
            "sales_count": n,
            "released": "2020-01-01",
            "sku": f"{n:08}",
        }
        put(client, name, str(n), document)


def test_the_proposed_configuration_is_valid_and_finds_the_fields(client: OpenSearch, index_name: str) -> None:
    _fill(client, index_name)
    found = survey(client, f"{index_name}_alias", 100)
    text = render("http://localhost:9200", f"{index_name}_alias", found, "some-model", "a secret")
    settings = Settings.model_validate(yaml.safe_load(text))
    assert settings.state.secret.get_secret_value() == "a secret"
    index = settings.indexes[f"{index_name}_alias"]
    assert index.text_fields == {"title": 3, "body": 1}
    assert set(index.slot_names) == {"brand", "details.colour"}
    assert index.popularity is not None
    assert (index.popularity.field, index.date_field) == ("sales_count", "released")
    assert "# 100% filled; pivot is its median" in text
    assert "offers.seller" in text
    assert index.vector is not None
    assert index.vector.backfill


def test_a_number_that_few_documents_have_is_no_popularity(client: OpenSearch, index_name: str) -> None:
    number, date = {"type": "integer"}, {"type": "date"}
    properties = {"title": {"type": "text"}, "sales": number, "view_count": number, "released": date}
    client.indices.create(index=index_name, body={"mappings": {"properties": properties}})
    for n in range(20):
        rare = {"sales": 1000, "released": "2020-01-01"} if n == 0 else {}
        put(client, index_name, str(n), {"title": "shoe", **rare, **({"view_count": 7} if n < 8 else {})})
    text = render("http://localhost:9200", index_name, survey(client, index_name, 100), "m", "s")
    index = Settings.model_validate(yaml.safe_load(text)).indexes[index_name]
    assert (index.popularity, index.date_field) == (None, None)
    assert "too few documents have one:\n    # popularity: {field: view_count, pivot: 7}  # 40% filled\n" in text
    assert "# popularity: {field: sales, pivot: 1000}  # 5% filled" in text
    assert "# date_field: released  # 5% filled" in text


def test_an_existing_vector_field_is_left_to_its_owner(client: OpenSearch, index_name: str) -> None:
    method = {"name": "hnsw", "engine": "lucene", "space_type": "l2"}
    vector = {"type": "knn_vector", "dimension": 3, "method": method}
    mapping = {"properties": {"title": {"type": "text"}, "emb": vector}}
    client.indices.create(index=index_name, body={"settings": {"index.knn": True}, "mappings": mapping})
    put(client, index_name, "1", {"title": "shoe", "emb": [1, 2, 3]})
    text = render("http://localhost:9200", index_name, survey(client, index_name, 10), "m", "s")
    found = Settings.model_validate(yaml.safe_load(text)).indexes[index_name].vector
    assert found is not None
    assert (found.field, found.dimension, found.space_type, found.backfill) == ("emb", 3, "l2", False)


def test_an_unknown_index_is_named(client: OpenSearch, index_name: str) -> None:
    with pytest.raises(DataError, match=f"no index, alias or data stream {index_name}"):
        survey(client, index_name, 10)
