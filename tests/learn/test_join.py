"""Joining on the real node: a query_id that is used twice, and events that belong to no search."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.learn import read
from ltrr_opensearch.learn.join import read_rounds
from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.log.records import document_id, index_name, to_document
from ltrr_opensearch.logged import Event, Round
from tests.learn.shop import Shop
from tests.learn.synthetic import START, decision


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> Shop:
    return Shop.create(client, index_name)


def joined(shop: Shop) -> tuple[list[Round], Counter[str]]:
    counts: Counter[str] = Counter()
    settings = shop.settings()
    read.refresh(shop.client, shop.prefix, settings.state.ubi_events)
    window = Window(None, START + timedelta(hours=1))
    return read_rounds(shop.client, settings.state, settings.learn, "shop", window, counts), counts


def click(query_id: str, object_id: str, seconds: float) -> Event:
    return Event(query_id, START + timedelta(seconds=seconds), "click", object_id, 1, user="u", session="s")


def test_an_event_belongs_to_the_last_search_before_it_under_its_query_id(shop: Shop) -> None:
    first = replace(decision(0), query_id="mine")
    second = replace(first, at=START + timedelta(seconds=100))
    documents = [to_document(d) for d in (first, second)]
    assert len({document_id(d, named=True) for d in documents}) == 2
    shop.index(*({"_index": index_name(shop.prefix, START), "_id": document_id(d, named=True), **d} for d in documents))
    early, late = first.candidates[1].key.id, first.candidates[2].key.id
    shop.put([], [click("mine", early, 50), click("mine", late, 150)])
    rounds, counts = joined(shop)
    assert [set(one.gains) for one in rounds] == [{early}, {late}]
    assert counts["searches under a repeated query_id"] == 2


def test_events_of_unknown_searches_are_counted(shop: Shop) -> None:
    known = decision(0)
    shop.put(
        [known], [click(known.query_id, known.candidates[0].key.id, 5), click("who?", "x", 6), click("who?", "y", 7)]
    )
    shop.index({"_index": f"{shop.prefix}-events", "action_name": "click", "timestamp": "2026-03-01T12:00:09.000Z"})
    _, counts = joined(shop)
    sampled = {name: n for name, n in counts.items() if "sampled" in name or "of these" in name}
    assert sampled == {"events sampled": 4, "of these without a query_id": 1, "of these for an unknown query": 2}


def test_without_any_event_there_is_nothing_to_count(shop: Shop) -> None:
    shop.client.indices.delete(index=f"{shop.prefix}-events")
    shop.put([decision(0)])
    assert joined(shop)[1]["events sampled"] == 0
