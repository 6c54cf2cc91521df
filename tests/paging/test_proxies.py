"""Two whole proxies on one node, sockets, log and releases included, with a load balancer's turns between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.learn.join import read_rounds
from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json
from tests.operations.world import Running, running, set_up, settings_for, swept, until
from tests.paging.catalogue import QUERY, made, matching
from tests.paging.walks import Ask, walk
from tests.proxy.listening import Response, call


@dataclass(frozen=True)
class Two:
    settings: Settings
    index: str
    proxies: tuple[Running, Running]

    @property
    def asks(self) -> list[Ask]:
        return [self._ask(proxy) for proxy in self.proxies]

    def _ask(self, proxy: Running) -> Ask:
        async def ask(offset: int, size: int) -> Json:
            return self.page(proxy, offset, size).json

        return ask

    def page(self, proxy: Running, offset: int, size: int, **more: Any) -> Response:
        body = {"query": QUERY, "from": offset, "size": size, "track_total_hits": True, **more}
        return proxy.search(self.index, body)


@pytest.fixture(scope="module")
def two(node: Any, client: OpenSearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    name = f"b_{uuid4().hex[:8]}"
    index = f"{name}-shop"
    first, second = (_settings(node.url, name, tmp_path_factory.mktemp("spool")) for _ in range(2))
    with made(client, index), ExitStack() as stack:
        set_up(first, index)
        yield Two(first, index, (stack.enter_context(running(first)), stack.enter_context(running(second))))
    swept(client, name)


def _settings(url: str, name: str, spool: Path) -> Settings:
    """Our plans look at the body first, which the client's query does not."""
    settings = settings_for(url, name, spool, poll_s=0.05)
    [(key, index)] = settings.indexes.items()
    looked_at = index.model_copy(update={"text_fields": {"title": 1.0, "body": 3.0}})
    return settings.model_copy(update={"indexes": {key: looked_at}})


def ranker(index: str, weight: float) -> Part:
    payload = orjson.dumps({"features": ["plans.fused"], "weights": [weight]})
    digest = sha256(payload).hexdigest()
    return Part("ranker", index, digest[:16], "linear", payload, digest, datetime.now(UTC))


async def test_releases_are_published_while_somebody_pages(two: Two, client: OpenSearch) -> None:
    store = ReleaseStore(client, two.settings.state.prefix)

    async def publish(page: int) -> None:
        id = store.publish(two.index, {"ranker": ranker(two.index, -1.0 if page % 2 else 1.0 + page)})
        if page in (2, 5):
            serves = f'release="{id}"}} 1.0'.encode()
            for proxy in two.proxies:
                until(lambda: serves in call(proxy.admin, "GET", "/_ltrr/metrics").body)  # noqa: B023

    walked = await walk(two.asks, 10, pages=10, meanwhile=publish)
    assert (walked.repeats, walked.totals_below, len(walked.ids)) == (0, 0, 100)
    whole = await walk(two.asks, 9)
    assert (whole.repeats, whole.totals_below) == (0, 0)
    assert whole.lost(matching()) == set()
    assert set(whole.totals) == {len(whole.ids)}
    assert len(whole.ids) > len(matching()), "some hits are our plans' own"


def test_past_the_window_of_the_index_the_error_is_opensearchs_own(two: Two, node: Any, client: OpenSearch) -> None:
    client.indices.put_settings(index=two.index, body={"index.max_result_window": 210})
    try:
        for offset in (200, 201):
            proxied = two.page(two.proxies[0], offset, 10)
            straight = two.page(Running(node.url, ""), offset, 10)
            assert proxied.status == straight.status == (200 if offset == 200 else 400)
        assert proxied.json == straight.json
        assert "Result window is too large" in proxied.body.decode()
    finally:
        client.indices.put_settings(index=two.index, body={"index.max_result_window": None})


def test_where_the_index_allows_more_pages_go_on_behind_the_usual_window(
    two: Two, node: Any, client: OpenSearch
) -> None:
    straight = two.page(Running(node.url, ""), 10_000, 10)
    assert two.page(two.proxies[1], 10_000, 10).json == straight.json
    assert straight.status == 400
    client.indices.put_settings(index=two.index, body={"index.max_result_window": 20_000})
    try:
        page = two.page(two.proxies[0], 10_000, 10)
        assert (page.status, page.json["hits"]["hits"]) == (200, [])
        assert "x-ltrr" in page.headers
    finally:
        client.indices.put_settings(index=two.index, body={"index.max_result_window": None})


def test_clicks_behind_the_first_page_are_gains(two: Two, client: OpenSearch) -> None:
    """On the union, on the tail, and under a query_id of the page's own: each once, in its place."""
    start = datetime.now(UTC)
    asker = {"ltrr": {"context": {"user": uuid4().hex}}}
    first, second = two.proxies
    query_id = two.page(first, 0, 10, ext=asker).headers["x-ltrr"]
    union = two.page(second, 10, 10, ext=asker)
    own_name = uuid4().hex
    tail = two.page(first, 110, 10, ext=asker | {"ubi": {"query_id": own_name}})
    assert union.headers["x-ltrr"] == query_id
    assert tail.headers["x-ltrr"] == own_name
    clicked = [(query_id, _id(union, 2), 13), (own_name, _id(tail, 4), 115)]
    for name, object_id, place in clicked:
        where = {"object": {"object_id": object_id}, "position": {"ordinal": place}}
        event = {"action_name": "click", "query_id": name, "event_attributes": where}
        assert call(second.url, "POST", "/_ltrr/events", orjson.dumps(event)).status == 202
    state = two.settings.state
    until(lambda: _shown(client, state.ubi_events, [query_id, own_name]) == 30)
    client.indices.refresh(index=f"{state.prefix}*")
    window = Window(start - timedelta(minutes=1), datetime.now(UTC) + timedelta(minutes=1))
    rounds = read_rounds(client, state, LearnSettings(), two.index, window, Counter())
    [one] = [r for r in rounds if r.decision.query_id == query_id]
    assert one.gains.keys() == {object_id for _, object_id, _ in clicked}
    assert all(c.found == () for c in one.decision.candidates if c.key.id == clicked[1][1])


def _id(page: Response, place: int) -> str:
    id: str = page.json["hits"]["hits"][place]["_id"]
    return id


def _shown(client: OpenSearch, events: str, query_ids: list[str]) -> int:
    client.indices.refresh(index=events)
    filters = [{"terms": {"query_id": query_ids}}, {"term": {"action_name": "impression"}}]
    places = client.search(index=events, body={"size": 100, "query": {"bool": {"filter": filters}}})["hits"]["hits"]
    ordinals = [hit["_source"]["event_attributes"]["position"]["ordinal"] for hit in places]
    assert len(set(ordinals)) == len(ordinals)
    return len(ordinals)


def test_nothing_of_what_was_asked_is_in_the_stored_orders(two: Two, client: OpenSearch) -> None:
    two.page(two.proxies[0], 0, 10)
    index = f"{two.settings.state.prefix}_pages"
    client.indices.refresh(index=index)
    hits = client.search(index=index, body={"size": 50})["hits"]["hits"]
    assert hits
    for hit in hits:
        assert hit["_source"].keys() <= {"at", "query_id", "ranked", "indexes", "ids", "of", "routing"}
        assert "shoes" not in str(hit)
