"""Documents of objects that a log names, on the real node."""

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from ltrr_opensearch.arena.gather import ids_of


def test_what_cannot_be_a_value_of_the_field_names_nothing(client: OpenSearch, index_name: str) -> None:
    client.indices.create(index=index_name, body={"mappings": {"properties": {"sku": {"type": "long"}}}})
    client.index(index=index_name, id="one", body={"sku": [7, 8]}, params={"refresh": "true"})
    assert ids_of(client, index_name, "sku", ["7", "9", "category-12", "9" * 30]) == {"7": ["one"]}
    assert ids_of(client, index_name, None, ["one", "7"]) == {"one": ["one"]}


def test_another_fault_is_not_hidden(client: OpenSearch, index_name: str) -> None:
    client.index(index=index_name, id="one", body={"sku": "7"}, params={"refresh": "true"})
    with pytest.raises(RequestError):
        ids_of(client, index_name, "sku", ["7", "9"])
