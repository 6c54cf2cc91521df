"""Indexes of UBI that were there before us: what they lack is added, what contradicts stays and is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.index.own_mappings import additions, clashes, made_without_template
from ltrr_opensearch.index.prepare import state_clashes, state_requests
from ltrr_opensearch.index.requests import perform
from ltrr_opensearch.settings import StateSettings

WANTED = {
    "query_id": {"type": "keyword"},
    "object": {"properties": {"id": {"type": "keyword"}, "at": {"type": "date"}}},
}


@pytest.fixture
def state(client: OpenSearch, index_name: str) -> Iterator[StateSettings]:
    names = {"ubi_queries": f"{index_name}_queries", "ubi_events": f"{index_name}_events"}
    state = StateSettings.model_validate({"prefix": f"{index_name}_l", **names})
    yield state
    for template in load_templates(state)[::-1]:
        client.transport.perform_request("DELETE", template.path, params={"ignore": 404})


def test_what_is_absent_is_added_and_nothing_else() -> None:
    assert additions({}, WANTED) == WANTED
    assert additions(WANTED, WANTED) == {}
    assert additions({"query_id": {"type": "text"}, "object": {"properties": {"id": {"type": "long"}}}}, WANTED) == {
        "object": {"properties": {"at": {"type": "date"}}}
    }
    assert additions({"query_id": {"type": "keyword"}, "object": {"type": "flat_object"}}, WANTED) == {}


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"query_id": {"type": "text", "fields": {"keyword": {"type": "keyword"}}}}, []),
        ({"query_id": {"type": "text"}}, ["query_id is mapped as text, ours is keyword; a mapping cannot be changed"]),
        ({"object": {"type": "flat_object"}}, ["object is mapped as flat_object, ours is object"]),
        ({"object": {"properties": {"id": {"type": "long"}}}}, ["object.id is mapped as long, ours is keyword"]),
    ],
)
def test_what_contradicts_is_said(there: dict[str, Any], said: list[str]) -> None:
    found = list(clashes("ubi", {"properties": there}, WANTED))
    assert len(found) == len(said)
    assert all(part in line for part, line in zip(said, found, strict=True))


def test_the_mapping_of_an_older_index_gets_the_fields_that_it_lacks(client: OpenSearch, state: StateSettings) -> None:
    older = {"application": {"type": "text"}, "event_attributes": {"properties": {"session": {"type": "keyword"}}}}
    client.indices.create(index=state.ubi_events, body={"mappings": {"dynamic": "strict", "properties": older}})
    for request in state_requests(client, state):
        perform(client, request)
    now = client.indices.get_mapping(index=state.ubi_events)[state.ubi_events]["mappings"]
    assert now["dynamic"] == "strict"
    assert now["properties"]["application"] == {"type": "text"}
    assert now["properties"]["query_id"]["type"] == "keyword"
    attributes = now["properties"]["event_attributes"]["properties"]
    assert attributes["session"] == {"type": "keyword"}
    assert attributes["object"]["properties"]["object_id"]["type"] == "keyword"
    assert state_requests(client, state) == []
    strict, application = state_clashes(client, state)
    assert f'PUT /{state.ubi_events}/_mapping {{"dynamic": false}}' in strict
    assert "application is mapped as text, ours is keyword" in application


def test_an_index_behind_an_alias_is_brought_up_to_date_too(client: OpenSearch, state: StateSettings) -> None:
    client.indices.create(index=f"{state.ubi_events}-1", body={"aliases": {state.ubi_events: {}}})
    (request,) = [r for r in state_requests(client, state) if r.path.endswith("/_mapping")]
    assert request.path == f"/{state.ubi_events}-1/_mapping"


def test_an_index_of_ours_that_was_written_to_before_set_up_is_named() -> None:
    """Text with a keyword beside is enough in an index that others may have made, and not in ours."""
    words = {"type": "text", "fields": {"keyword": {"type": "keyword"}}}
    wanted = {"query_id": {"type": "keyword"}, "asker": {"properties": {"user": {"type": "keyword"}}}}
    (said,) = made_without_template("l_decisions-2026.05", {"properties": {"query_id": words}}, wanted)
    assert "query_id" in said
    assert "DELETE /l_decisions-2026.05" in said
    assert list(made_without_template("l_decisions-2026.05", {"properties": wanted}, wanted)) == []
