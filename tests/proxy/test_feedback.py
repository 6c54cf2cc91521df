"""Posting events."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.settings import ClusterSettings, Settings
from tests.proxy.listening import Listening, Response, call, listening

CLICK = {
    "action_name": "click",
    "query_id": "q1",
    "timestamp": "2026-03-01T12:00:00Z",
    "event_attributes": {"object": {"object_id": "7", "object_id_field": "_id"}, "position": {"ordinal": 2}},
}


@pytest.fixture
def proxy() -> Iterator[Listening]:
    with listening(Settings(cluster=ClusterSettings(url="http://127.0.0.1:1")), lambda _: None) as running:
        yield running


def post(proxy: Listening, body: bytes, kind: str = "application/json") -> Response:
    return call(proxy.url, "POST", "/_ltrr/events", body, {"content-type": kind})


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (orjson.dumps(CLICK), 1),
        (orjson.dumps([CLICK, CLICK | {"query_id": "unknown"}]), 2),
        (orjson.dumps(CLICK) + b"\n\n" + orjson.dumps(CLICK) + b"\n", 2),
    ],
)
def test_an_object_an_array_or_lines_are_kept(proxy: Listening, body: bytes, count: int) -> None:
    got = post(proxy, body, "text/plain")
    assert (got.status, got.json) == (202, {"accepted": count, "rejected": []})
    assert [index for index, _ in proxy.events.kept] == ["ubi_events"] * count
    assert proxy.events.kept[0][1].document["query_id"] == "q1"
    assert proxy.metrics.value("ltrr_events_total", outcome="accepted") == count


def test_a_faulty_event_does_not_take_the_others_with_it(proxy: Listening) -> None:
    got = post(proxy, orjson.dumps([CLICK, {"query_id": "q1"}, CLICK, 7]))
    assert (got.status, got.json["accepted"]) == (202, 2)
    assert [r["index"] for r in got.json["rejected"]] == [1, 3]
    assert "action_name" in got.json["rejected"][0]["reason"]
    assert proxy.metrics.value("ltrr_events_total", outcome="rejected") == 2


def test_nothing_valid_is_400(proxy: Listening) -> None:
    assert post(proxy, b"[7]").status == 400
    assert post(proxy, b'{"query_id": \n').status == 400
    assert proxy.events.kept == []


@pytest.mark.parametrize("body", [b"[]", b"", b"\n\n"])
def test_a_post_without_an_event_is_400(proxy: Listening, body: bytes) -> None:
    got = post(proxy, body)
    assert got.status == 400
    assert "holds no event" in got.json["error"]["reason"]


def test_a_broken_line_does_not_take_the_others_with_it(proxy: Listening) -> None:
    lines = [orjson.dumps(CLICK), b"", b'{"query_id": ', orjson.dumps(CLICK | {"query_id": "q2"})]
    got = post(proxy, b"\n".join(lines))
    assert (got.status, got.json["accepted"]) == (202, 2)
    [rejected] = got.json["rejected"]
    assert rejected["index"] == 1
    assert "line 3 is no JSON" in rejected["reason"]
    assert rejected["reason"].endswith(': {"query_id": ; post an object, an array, or one object a line')
    assert [event.document["query_id"] for _, event in proxy.events.kept] == ["q1", "q2"]


def test_events_that_could_not_be_kept_are_sent_again(proxy: Listening) -> None:
    proxy.events.failure = Unreachable("no room")
    got = post(proxy, orjson.dumps(CLICK))
    assert got.status == 503
    assert "send them again" in got.json["error"]["reason"]


def test_only_post_and_only_so_much(proxy: Listening) -> None:
    assert call(proxy.url, "GET", "/_ltrr/events").status == 405
    assert post(proxy, b"[" + b" " * 5_300_000 + b"]").status == 413
