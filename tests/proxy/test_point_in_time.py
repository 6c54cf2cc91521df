"""Ids of points in time as the node makes them, and ids that nobody makes."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensearchpy import OpenSearch

from ltrr_opensearch.proxy.point_in_time import index_names, target_of


def opened(client: OpenSearch, target: str) -> str:
    pit: str = client.create_pit(index=target, params={"keep_alive": "1m"})["pit_id"]
    client.delete_pit(body={"pit_id": [pit]})
    return pit


def test_the_indexes_are_read_from_an_id(client: OpenSearch, index_name: str) -> None:
    one, two = f"{index_name}_one", f"{index_name}_two"
    for name, shards in ((one, 3), (two, 1)):
        client.indices.create(index=name, body={"settings": {"number_of_shards": shards, "number_of_replicas": 0}})
    client.indices.put_alias(index=two, name=f"{index_name}_alias", body={"filter": {"term": {"a": 1}}})
    assert index_names(opened(client, one)) == [one]
    assert index_names(opened(client, f"{index_name}*")) == [one, two]
    assert index_names(opened(client, f"{index_name}_alias")) == [two]


def test_a_data_stream_goes_by_its_own_name(client: OpenSearch, index_name: str) -> None:
    client.indices.put_index_template(name=index_name, body={"index_patterns": [index_name], "data_stream": {}})
    client.indices.create_data_stream(name=index_name)
    try:
        assert index_names(opened(client, index_name)) == [index_name]
    finally:
        client.indices.delete_data_stream(name=index_name)
        client.indices.delete_index_template(name=index_name)


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_what_is_no_id_names_nothing_and_raises_nothing(raw: bytes) -> None:
    assert isinstance(index_names(urlsafe_b64encode(raw).decode()), list)
    assert isinstance(index_names(raw.decode("latin-1")), list)


@pytest.mark.parametrize("pit", [None, [], {}, {"id": 7}, {"id": "eA==", "other": 1}, {"keep_alive": "1m"}])
def test_what_is_no_pit_is_left_to_the_cluster(pit: object) -> None:
    assert target_of(pit, {}) is None
