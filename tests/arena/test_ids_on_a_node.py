"""Documents of objects that a log names, on the real node."""

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from ltrr_opensearch.arena import gather
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


def test_objects_of_more_documents_than_an_answer_holds_are_all_found(
    client: OpenSearch, index_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "MOST_HITS", 3)
    client.indices.create(index=index_name, body={"mappings": {"properties": {"sku": {"type": "keyword"}}}})
    for number in range(4):
        client.index(index=index_name, id=str(number), body={"sku": "ab"[number % 2]}, params={"refresh": "true"})
    client.index(index=index_name, id="both", body={"sku": ["a", "b"]}, params={"refresh": "true"})
    found = ids_of(client, index_name, "sku", ["a", "b", "c"])
    assert {name: sorted(ids) for name, ids in found.items()} == {"a": ["0", "2", "both"], "b": ["1", "3", "both"]}
