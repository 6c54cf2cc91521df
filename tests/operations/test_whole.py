"""A shop from set-up to learning, as short as it can be: what must work on every supported version of OpenSearch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.index.checkup import examine
from ltrr_opensearch.index.findings import State
from ltrr_opensearch.learn.job import Job
from ltrr_opensearch.learn.run import learn
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings
from tests.operations.world import COLOURS, THINGS, Running, running, until
from tests.proxy.listening import call


def test_searches_pages_events_learning_and_the_next_release(shop: Settings, key: str, client: OpenSearch) -> None:
    with running(shop) as proxy:
        assert proxy.ready["ok"]
        _pages_hold_every_hit_once(proxy, key)
        for query in (f"{colour} {thing}" for colour in COLOURS for thing in THINGS):
            for _ in range(3):
                _searched_and_clicked(proxy, key, query)
        decisions = f"{shop.state.prefix}_decisions-*"
        until(lambda: _count(client, decisions) >= 36)
        until(lambda: _count(client, shop.state.ubi_events, {"term": {"action_name": "click"}}) == 36)
        with connect(shop.cluster) as ours:
            done = learn(("memory",), Job(ours, shop, key, datetime.now(UTC) + timedelta(seconds=1)), window_s=0)
            assert done.release is not None
            serves = f'release="{done.release}"}} 1.0'.encode()
            until(lambda: serves in call(proxy.admin, "GET", "/_ltrr/metrics").body)
            assert ReleaseStore(ours, shop.state.prefix).current(key) is not None
            broken = [f for f in examine(ours, shop) if f.state is State.BROKEN]
        assert not broken


def _pages_hold_every_hit_once(proxy: Running, key: str) -> None:
    seen: list[str] = []
    total = 0
    for page in range(20):
        body = {"query": {"match": {"title": "red"}}, "size": 7, "from": page * 7, "track_total_hits": True}
        answer = proxy.search(key, body)
        assert answer.status == 200
        assert "x-ltrr" in answer.headers
        seen += [hit["_id"] for hit in answer.json["hits"]["hits"]]
        total = answer.json["hits"]["total"]["value"]
    assert len(seen) == len(set(seen)) == total


def _searched_and_clicked(proxy: Running, key: str, query: str) -> None:
    answer = proxy.search(key, {"query": {"match": {"title": query}}, "size": 5})
    hit = answer.json["hits"]["hits"][0]
    event = {
        "action_name": "click",
        "query_id": answer.headers["x-ltrr"],
        "client_id": query,
        "event_attributes": {"object": {"object_id": hit["_id"]}, "position": {"ordinal": 1}},
    }
    assert call(proxy.url, "POST", "/_ltrr/events", orjson.dumps(event)).status == 202


def _count(client: OpenSearch, index: str, query: object = None) -> int:
    client.indices.refresh(index=index, ignore_unavailable=True)
    body = {"query": query} if query else None
    return int(client.count(index=index, body=body, ignore_unavailable=True)["count"])
