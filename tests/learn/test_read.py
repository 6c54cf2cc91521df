from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.learn import read
from ltrr_opensearch.learn.read import Window, decision_pages, events_of, to_event
from ltrr_opensearch.log.records import index_name
from ltrr_opensearch.logged import Decision
from ltrr_opensearch.types import Json
from tests.learn.shop import Shop
from tests.learn.synthetic import START, clicks, decisions


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> Shop:
    return Shop.create(client, index_name)


def read_all(shop: Shop, window: Window, most: int = 10_000) -> tuple[list[Decision], Counter[str]]:
    counts: Counter[str] = Counter()
    read.refresh(shop.client, shop.prefix, f"{shop.prefix}-events")
    pages = decision_pages(shop.client, shop.prefix, "shop", window, most, counts)
    return [d for page in pages for d in page], counts


def test_a_window_is_read_page_by_page_the_newest_first(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "PAGE", 7)
    made = decisions(30)
    shop.put([*made, *decisions(3, seed=1, index="other")])
    window = Window(made[4].at, made[24].at)
    found, counts = read_all(shop, window)
    assert found == made[5:25][::-1]
    assert counts == {"decisions": 20}
    assert read.count_decisions(shop.client, shop.prefix, "shop", window) == 20
    assert read_all(shop, Window(None, made[-1].at), most=10)[0] == made[20:][::-1]


def test_what_cannot_be_read_is_counted(shop: Shop) -> None:
    made = decisions(3)
    shop.put(made)
    place = {"_index": index_name(shop.prefix, START), "_id": "bad"}
    shop.index({**place, "@timestamp": START.isoformat(), "index": "shop", "query_id": "bad"})
    found, counts = read_all(shop, Window(None, made[-1].at))
    assert len(found) == 3
    assert counts["unreadable decisions"] == 1


@pytest.mark.parametrize("page", [read.EVENT_PAGE, 3], ids=["in one answer", "page by page"])
def test_events_of_clients_that_index_them_past_us(shop: Shop, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    monkeypatch.setattr(read, "EVENT_PAGE", page)
    made = decisions(20)
    sent = list(clicks(made))
    shop.put([], sent)
    events = f"{shop.prefix}-events"
    shop.index(
        {"_index": events, "action_name": "click", "query_id": sent[0].query_id, "timestamp": "yesterday"},
        {"_index": events, "action_name": "impression", "query_id": sent[0].query_id, "timestamp": "yesterday"},
        {"_index": events, "action_name": "click", "query_id": "unknown"},
    )
    shop.client.indices.refresh(index=events)
    counts: Counter[str] = Counter()
    found = events_of(shop.client, events, [d.query_id for d in made], counts)
    assert sorted((e for es in found.values() for e in es), key=lambda e: e.at) == sent
    assert counts == {"events": len(sent) + 1, "unreadable events": 1}


def test_events_under_a_mapping_made_by_their_first_document(shop: Shop) -> None:
    name = f"{shop.prefix}_dynamic"
    document = {"action_name": "click", "query_id": "4f2a-99", "timestamp": "2026-03-01T12:00:00Z"}
    shop.index({"_index": name, **document}, {"_index": name, **document, "action_name": "impression"})
    shop.client.indices.refresh(index=name)
    found = events_of(shop.client, name, ["4f2a-99"], Counter())
    assert [e.action for e in found["4f2a-99"]] == ["click"]


def test_an_index_that_does_not_exist_has_nothing(shop: Shop) -> None:
    assert events_of(shop.client, f"{shop.prefix}_nowhere", ["q"], Counter()) == {}
    pages = decision_pages(shop.client, "nowhere", "shop", Window(None, START), 10, Counter())
    assert list(pages) == []


def test_a_missing_shard_is_an_error_not_an_empty_page(shop: Shop) -> None:
    made = decisions(3)
    shop.put(made)
    shop.client.indices.create(
        index=index_name(shop.prefix, START + timedelta(days=60)),
        body={"settings": {"index.routing.allocation.require._name": "nobody"}},
        params={"wait_for_active_shards": "0"},
    )
    window = Window(None, made[-1].at)
    for attempt in (
        lambda: list(decision_pages(shop.client, shop.prefix, "shop", window, 10, Counter())),
        lambda: read.count_decisions(shop.client, shop.prefix, "shop", window),
    ):
        with pytest.raises(Unreachable, match="cannot be searched as a whole"):
            attempt()


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": None},
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"timestamp": "2026-03-01T12:00:00"},
        {"query_id": 7},
        {"action_name": None},
    ],
)
def test_events_that_say_too_little(change: Json) -> None:
    whole: Json = {"query_id": "q", "action_name": "click", "timestamp": "2026-03-01T14:00:00+02:00"}
    event = to_event({**whole, "event_attributes": {"object": {"object_id": 7}}, "user_id": 9})
    assert event
    assert (event.object_id, event.user, event.at) == ("7", "9", START)
    assert to_event({**whole, **change}) is None


def test_a_window_has_its_end_and_not_its_beginning() -> None:
    window = Window(START, START + timedelta(1))
    assert (window.holds(START), window.holds(START + timedelta(1))) == (False, True)


def test_the_last_search_that_is_in_the_log(shop: Shop) -> None:
    made = decisions(5)
    shop.put(made)
    read_all(shop, Window(None, made[-1].at))
    late = made[-1].at + timedelta(days=9)
    assert read.last_search(shop.client, shop.prefix, "shop", late) == made[-1].at
    assert read.last_search(shop.client, shop.prefix, "shop", made[2].at) == made[2].at
    assert read.last_search(shop.client, shop.prefix, "other", late) is None
