from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.log.ubi import impressions, object_id, parse_event, query_document
from ltrr_opensearch.types import Asker, Json, SearchRequest, UbiRequest
from tests.log.test_records import typical

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLICK: Json = {
    "action_name": "click",
    "query_id": "q1",
    "timestamp": "2026-03-01T11:59:58.123Z",
    "client_id": "c1",
    "event_attributes": {"object": {"object_id": 42, "colour": "red"}, "position": {"ordinal": 3}},
}


def test_a_valid_event_keeps_all_that_the_client_sent() -> None:
    event = parse_event(CLICK, NOW)
    assert event.document["timestamp"] == "2026-03-01T11:59:58.123000Z"
    assert event.document["event_attributes"] == {
        "object": {"object_id": "42", "colour": "red"},
        "position": {"ordinal": 3},
        "arrived_at": "2026-03-01T12:00:00.000000Z",
    }


def test_the_same_event_has_the_same_id_whenever_it_comes() -> None:
    later = datetime(2026, 3, 2, tzinfo=UTC)
    assert parse_event(CLICK, NOW).id == parse_event(dict(reversed(CLICK.items())), later).id
    assert parse_event({**CLICK, "client_id": "c2"}, NOW).id != parse_event(CLICK, NOW).id


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-03-01T11:00:00.5+02:00", "2026-03-01T09:00:00.500000Z"),
        ("2026-03-01T11:00:00Z", "2026-03-01T11:00:00.000000Z"),
        (1772362800000, "2026-03-01T11:00:00.000000Z"),
        (None, "2026-03-01T12:00:00.000000Z"),
    ],
)
def test_times_that_are_understood(given: object, kept: str) -> None:
    assert parse_event({"action_name": "click", "timestamp": given}, NOW).document["timestamp"] == kept


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"timestamp": "2026-03-01T11:00:00"}, "timestamp: has no zone; send one like 2026-01-31T12:00:00.000Z"),
        ({"timestamp": "1 March"}, "timestamp: is no ISO 8601 time.*got '1 March'"),
        ({"timestamp": 10**30}, "out of range"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp: is out of range in UTC"),
        ({"timestamp": "9999-12-31T23:59:59-14:00"}, "timestamp: is out of range in UTC"),
        ({"timestamp": True}, "must be a time like"),
        ({"action_name": ""}, "action_name"),
        ({"query_id": "q" * 101}, "query_id: String should have at most 100 characters"),
        ({"event_attributes": [1]}, r"event_attributes: must be a JSON object \(got \[1\]\)"),
        ({"event_attributes": {"object": {"object_id": "o" * 257}}}, "at most 256 characters"),
        ({"message": "m" * 1025}, "message: .*1024"),
        ({"event_attributes": {"position": {"ordinal": 0}}}, "event_attributes.position.ordinal: .*greater.*got 0"),
        ({"event_attributes": {"object": {}}}, "event_attributes.object.object_id: Field required"),
    ],
)
def test_a_bad_event_is_refused_with_place_value_and_what_to_do(change: Json, says: str) -> None:
    with pytest.raises(DataError, match=says):
        parse_event({**CLICK, **change}, NOW)


def test_an_event_nested_too_deep_is_refused() -> None:
    deep: Json = {}
    for _ in range(250):
        deep = {"a": deep}
    with pytest.raises(DataError, match="nested more than 250 levels"):
        parse_event({**CLICK, "event_attributes": deep}, NOW)


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(DataError, match="must be a JSON object"):
        parse_event(["click"], NOW)


def test_impressions_are_the_page_with_ordinals_over_all_pages() -> None:
    shown = impressions(replace(typical(), offset=10, shown=2), "q1")
    assert [e.document["event_attributes"]["position"]["ordinal"] for e in shown] == [11, 12]
    assert [e.id for e in shown] == ["q1-shown-11", "q1-shown-12"]
    assert shown[0].document["event_attributes"]["object"]["object_id"] == typical().candidates[10].key.id
    assert shown[0].document["session_id"] == "s1"


def test_a_query_document_has_ubi_names() -> None:
    request = SearchRequest(
        query_id="q1",
        target="shop",
        text="usb cable",
        body={"query": {"match": {"title": "usb cable"}}},
        params=(),
        headers=(),
        filters=(),
        size=10,
        offset=0,
        asker=Asker(client="c1"),
        ubi=UbiRequest(query_id="q1", application="shop", query_attributes={"test": "a"}),
        at=NOW,
    )
    assert query_document(request, ["7", "9"], {"policy": "vowpal"}) == {
        "timestamp": "2026-03-01T12:00:00.000000Z",
        "query_id": "q1",
        "query_response_id": "q1",
        "query_response_hit_ids": ["7", "9"],
        "user_query": "usb cable",
        "query": '{"query":{"match":{"title":"usb cable"}}}',
        "query_attributes": {"test": "a", "policy": "vowpal"},
        "client_id": "c1",
        "application": "shop",
    }


@pytest.mark.parametrize(
    ("hit", "field", "name"),
    [
        ({"_id": "1", "_source": {"sku": 7}}, "sku", "7"),
        ({"_id": "1", "_source": {"a": {"sku": "x"}}}, "a.sku", "x"),
        ({"_id": "1", "fields": {"a.sku": ["x"]}}, "a.sku", "x"),
        ({"_id": "1", "_source": False}, "sku", None),
        ({"_id": "1", "_source": {"sku": []}}, "sku", None),
    ],
)
def test_object_ids(hit: Json, field: str, name: str | None) -> None:
    assert object_id(hit, field) == name
