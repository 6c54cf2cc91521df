"""Events that name objects by a field and not by `_id`: the memory, the rows, the records and the join follow it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from opensearchpy import OpenSearch, helpers

from ltrr_opensearch import behind
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.learn.join import attributed, rounds
from ltrr_opensearch.learn.memory import observed
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Event
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.retrieve.fan_out import FanOut
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import EntityScore
from tests.engine.worlds import bench, request_of, serving_of

INDEX = IndexSettings(text_fields={"title": 2}, object_id_field="sku")
TITLE_ONLY: dict[str, Any] = {"_source": ["title"]}
"""The client does not ask for the field that its events name."""


@pytest.fixture
def shoes(client: OpenSearch, index_name: str) -> str:
    """Thirty red shoes, of which number 27 worked before; two documents are sku-27."""
    properties = {"title": {"type": "text"}, "sku": {"type": "keyword"}}
    client.indices.create(index=index_name, body={"mappings": {"properties": properties}})
    actions = [
        {"_index": index_name, "_id": f"d{i}", "_source": {"title": "red shoes", "sku": f"sku-{min(i, 27)}"}}
        for i in range(29)
    ]
    helpers.bulk(client, actions, refresh=True)
    return index_name


def remembering(**changes: Any) -> Serving:
    memory = Memory.from_rows([MemoryRow("red shoes", (EntityScore("sku-27", 0.9),), None)])
    knowledge = Knowledge(memory=memory)
    serving = serving_of(
        index=INDEX,
        knowledge=knowledge,
        strategies=build_strategies(INDEX, knowledge),
        ranker=LinearRanker(("memory.score",), np.array([1.0])),
        columns=feature_names(INDEX),
    )
    return replace(serving, **changes)


async def test_what_worked_before_is_ranked_first_and_recorded_by_its_name(node: Any, shoes: str) -> None:
    async with bench(node.url, remembering()) as b:
        page = await b.page(request_of(shoes, **TITLE_ONLY))
    (decision,) = b.decisions
    hits = page["hits"]["hits"]
    assert {hits[0]["_id"], hits[1]["_id"]} == {"d27", "d28"}
    assert all(set(hit["_source"]) == {"title"} and "fields" not in hit for hit in hits)
    shown = decision.candidates[: decision.shown]
    assert [c.object_id for c in shown[:2]] == ["sku-27", "sku-27"]
    assert all(c.object_id == f"sku-{c.key.id[1:]}" for c in shown[2:])
    scores = {c.object_id: c.features["memory.score"] for c in decision.candidates if c.features is not None}
    assert scores.pop("sku-27") == pytest.approx(0.9)
    assert len(scores) > 8
    assert set(scores.values()) == {0.0}


async def test_events_are_joined_and_remembered_by_name(node: Any, shoes: str) -> None:
    async with bench(node.url, remembering()) as b:
        await b.page(request_of(shoes, **TITLE_ONLY))
    (decision,) = b.decisions
    counts: Counter[str] = Counter()
    click = Event(decision.query_id, decision.at + timedelta(seconds=5), "click", "sku-27", client="c")
    stranger = replace(click, object_id="d27")  # an `_id` is no name here
    events = attributed(decision, [click, stranger], 1800, counts)
    (one,) = rounds([(decision, events)], LearnSettings(), counts)
    assert one.gains == {"d27": 0.5, "d28": 0.5}
    assert counts["events on what was not shown"] == 1
    assert {name for name, gain, _ in observed(one, ()) if gain} == {"sku-27"}


async def test_a_later_page_is_recorded_by_name(node: Any, shoes: str) -> None:
    async with bench(node.url, remembering()) as b:
        await b.page(request_of(shoes, **TITLE_ONLY))
        page = await b.page(request_of(shoes, offset=10, **TITLE_ONLY))
    (later,) = b.recorded.pages
    assert later.ids == tuple(hit["_id"] for hit in page["hits"]["hits"])
    assert later.objects == tuple(f"sku-{id[1:]}" for id in later.ids)


async def test_where_names_cannot_be_read_the_search_goes_on(node: Any, shoes: str) -> None:
    class Nameless(FanOut):
        async def objects(self, *_: Any) -> Any:
            raise Unreachable("gone")

    async with bench(node.url, remembering()) as b:
        b.ask_through(Nameless(b.upstream, deadline_ms=5000))
        page = await b.page(request_of(shoes))
    assert len(page["hits"]["hits"]) == 10
    assert set(b.counts.reasons) == {"objects"}
    (decision,) = b.decisions
    # what the page itself shows is known even so
    assert all((c.object_id or "").startswith("sku-") for c in decision.candidates[:10])
    assert all("memory.score" not in (c.features or {}) for c in decision.candidates)


async def test_a_later_page_whose_names_cannot_be_read_is_recorded_as_it_shows_them(
    node: Any, shoes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hanging(FanOut):
        async def objects(self, *_: Any) -> Any:
            await asyncio.Event().wait()

    monkeypatch.setattr(behind, "LONGEST_S", 0.05)
    async with bench(node.url, remembering(ranker=None)) as b:
        b.ask_through(Hanging(b.upstream, deadline_ms=5000))
        await b.page(request_of(shoes))
        await b.page(request_of(shoes, offset=10))
    (later,) = b.recorded.pages
    assert later.objects == tuple(f"sku-{id[1:]}" for id in later.ids)
    assert b.counts.reasons == ["record", "record"]


async def test_names_are_not_asked_for_where_nobody_asks_for_them(node: Any, shoes: str) -> None:
    asked: list[str] = []

    class Counting(FanOut):
        async def objects(self, *arguments: Any) -> Any:
            asked.append("objects")
            return await super().objects(*arguments)

    async with bench(node.url, remembering(index=INDEX.model_copy(update={"object_id_field": "_id"}))) as b:
        b.ask_through(Counting(b.upstream, deadline_ms=5000))
        await b.page(request_of(shoes))
    assert asked == []
    assert b.decisions[0].candidates[0].object_id is None
