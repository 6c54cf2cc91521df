"""Our templates on a real node: which names they take, and what of a document can be searched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster.templates import load_templates, plain_indexes
from ltrr_opensearch.log.records import index_name as decisions_of
from ltrr_opensearch.log.records import to_document
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Asker, Json
from tests.learn.synthetic import decision

ASKER = Asker(user="u1", session="s1", client="c1", device="phone")
SEARCHABLE = (
    *("@timestamp", "query_id", "parent_query_id", "index", "normalized"),
    *("asker.user", "asker.session", "asker.client", "policy", "ranker", "release", "phase", "group"),
)


@pytest.fixture
def state(client: OpenSearch, index_name: str) -> Iterator[StateSettings]:
    """Every name is of the test's own, and installed."""
    names = {name: f"{index_name}_{name}" for name in ("ubi_queries", "ubi_events")}
    state = StateSettings(prefix=index_name, **names)
    for template in load_templates(state):
        client.transport.perform_request("PUT", template.path, body=template.body)
    yield state
    for template in reversed(load_templates(state)):
        client.transport.perform_request("DELETE", template.path)


def test_ubi_has_the_names_that_the_settings_give(client: OpenSearch, state: StateSettings) -> None:
    assert plain_indexes(state)[:2] == (state.ubi_queries, state.ubi_events)
    for name in plain_indexes(state):
        client.indices.create(index=name)
    assert _types(client, state.ubi_events)["action_name"] == "keyword"
    assert _types(client, state.ubi_queries)["query_attributes"] == "flat_object"
    assert _types(client, f"{state.prefix}_models")["payload"] == "binary"


def test_ubi_has_its_own_names_otherwise() -> None:
    mine, yours = (load_templates(StateSettings(prefix=prefix)) for prefix in ("mine", "yours"))
    ubi = [t for t in mine if t.body.get("index_patterns", [""])[0].startswith("ubi_")]
    assert [t.body["index_patterns"] for t in ubi] == [["ubi_queries"], ["ubi_events"]]
    assert [t.name for t in ubi] == ["ltrr_ubi_queries", "ltrr_ubi_events"]
    assert [t for t in mine if t in yours] == ubi


def test_of_a_decision_who_and_what_can_be_searched_and_no_column(client: OpenSearch, state: StateSettings) -> None:
    search = replace(decision(1), asker=ASKER, parent_query_id="q0-0", release="r1")
    index, document = decisions_of(state.prefix, search.at), to_document(search)
    client.index(index=index, id=search.query_id, body=document, params={"refresh": "true"})
    for field in SEARCHABLE:
        value = reduce(dict.__getitem__, field.split("."), document)
        found = client.search(index=f"{state.prefix}_decisions", body={"query": {"term": {field: value}}})["hits"]
        assert [hit["_id"] for hit in found["hits"]] == [search.query_id], field
    assert sorted(_types(client, index)) == sorted(SEARCHABLE)


def test_what_a_client_invents_is_kept_and_not_mapped(client: OpenSearch, state: StateSettings) -> None:
    client.indices.create(index=state.ubi_events)
    before = _types(client, state.ubi_events)
    assert {before[name] for name in ("session_id", "user_id", "event_attributes.object.object_id_type")} == {"keyword"}
    invented = {"price": 1, "when": "2026-01-01", "deep": {"er": {"est": "x"}}}
    attributes = {**invented, "position": invented, "object": {**invented, "object_id": "7", "object_detail": invented}}
    for value in (invented, {name: {"another": "shape"} for name in invented}):
        event = {**value, "action_name": "click", "event_attributes": {**attributes, **value}}
        client.index(index=state.ubi_events, body=event, params={"refresh": "true"})
    assert _types(client, state.ubi_events) == before
    found = client.search(index=state.ubi_events, body={"query": {"term": {"event_attributes.object.object_id": "7"}}})
    assert [hit["_source"]["event_attributes"]["object"]["price"] for hit in found["hits"]["hits"]] == [1, 1]


def _types(client: OpenSearch, index: str) -> dict[str, str]:
    """Type of every mapped field, by its whole path."""
    return dict(_flat(client.indices.get_mapping(index=index)[index]["mappings"]["properties"], ""))


def _flat(properties: Json, above: str) -> Iterator[tuple[str, str]]:
    for name, field in properties.items():
        if "properties" in field:
            yield from _flat(field["properties"], f"{above}{name}.")
        else:
            yield above + name, field["type"]
