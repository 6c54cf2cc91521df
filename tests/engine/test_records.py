"""What a search leaves behind."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.learn.join import attributed, rounds
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn.memory import observed
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Event
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.retrieve.documents import Documents
from ltrr_opensearch.retrieve.fan_out import FanOut, Retrieved
from ltrr_opensearch.retrieve.sending import key_of
from ltrr_opensearch.types import Asker, DocKey
from tests.engine.worlds import CHOOSE, INDEX, bench, request_of, serving_of


class Unread(FanOut):
    """Cannot read features."""

    def __init__(self, upstream: Upstream, error: Exception) -> None:
        super().__init__(upstream, deadline_ms=5000)
        self.error = error

    async def features(self, *_: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(("error", "reason"), [(Unreachable("gone"), "features"), (ValueError("odd"), "record")])
async def test_without_features_no_row_says_that_nothing_matched(
    node: Any, products: str, error: Exception, reason: str
) -> None:
    async with bench(node.url, serving_of()) as b:
        b.ask_through(Unread(b.upstream, error))
        page = await b.page(request_of(products))
    (decision,) = b.decisions
    assert decision.shown == len(page["hits"]["hits"]) == 10
    assert all(c.features is None for c in decision.candidates)
    assert b.counts.reasons == [reason]


async def test_too_far_behind_rows_are_left_out(node: Any, products: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltrr_opensearch.behind.MOST_BEHIND", 0)
    async with bench(node.url, serving_of()) as b:
        await b.page(request_of(products))
    assert all(c.features is None for c in b.decisions[0].candidates)
    assert b.counts.reasons == ["features"]


async def test_features_are_read_only_for_records_that_keep_them(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        b.ask_through(Unread(b.upstream, Unreachable("asked though nobody keeps them")))
        b.recorded.features_kept = False
        await b.page(request_of(products))
        b.recorded.kept = False
        await b.page(request_of(products, offset=10))
        await b.page(request_of(products, text="boot"))
    (decision,) = b.decisions
    assert all(c.features is None for c in decision.candidates)
    assert b.recorded.pages == []
    assert b.counts.reasons == []


class Lacking(Documents):
    """Documents of which one is gone."""

    fan_out: Forgetful

    def __init__(self, whole: Documents, fan_out: Forgetful) -> None:
        super().__init__(whole.sender, whole.request, whole.hidden, whole.preference)
        object.__setattr__(self, "fan_out", fan_out)

    async def winners(self, keys: Any) -> Any:
        return await super().winners([k for k in keys if k != self.fan_out.gone])

    async def present(self, keys: Any) -> Any:
        return await super().present([k for k in keys if k != self.fan_out.gone])


class Forgetful(FanOut):
    """Plans still find the client's own first hit, which is gone when the page is made."""

    gone: DocKey

    async def retrieve(self, *args: Any) -> Retrieved:
        found = await super().retrieve(*args)
        assert found.original.page
        first, *hits = found.original.page["hits"]["hits"]
        self.gone = key_of(first)
        page = found.original.page | {"hits": found.original.page["hits"] | {"hits": hits}}
        return replace(found, original=replace(found.original, page=page))

    def documents(self, *args: Any) -> Documents:
        return Lacking(super().documents(*args), self)


async def test_what_is_recorded_is_the_page_as_it_was_shown(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        fan_out = b.ask_through(Forgetful(b.upstream, deadline_ms=5000))
        page = await b.page(request_of(products, size=4))
    (decision,) = b.decisions
    shown = [h["_id"] for h in page["hits"]["hits"]]
    assert len(shown) == 4
    assert fan_out.gone.id not in shown
    assert fan_out.gone in [c.key for c in decision.candidates[4:]]
    assert [c.key.id for c in decision.candidates[: decision.shown]] == shown
    assert all(c.features for c in decision.candidates[: decision.shown])
    assert len({c.key for c in decision.candidates}) == len(decision.candidates)


async def test_what_is_shown_behind_the_union_is_recorded_too(node: Any, products: str) -> None:
    nothing = serving_of(policy=Fixed(0))
    async with bench(node.url, nothing) as b:
        page = await b.page(request_of(products))
    assert [c.key.id for c in b.decisions[0].candidates] == [h["_id"] for h in page["hits"]["hits"]]
    assert all(c.found == () for c in b.decisions[0].candidates)


async def test_a_click_on_a_later_page_is_a_gain(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        first, second = [await b.page(request_of(products, offset=o)) for o in (0, 10)]
    (decision,) = b.decisions
    clicked, passed_over = second["hits"]["hits"][2]["_id"], second["hits"]["hits"][1]["_id"]
    counts: Counter[str] = Counter()
    event = Event(decision.query_id, decision.at, "click", clicked, 13, "u", "s")
    kept = attributed(decision, [event, replace(event, object_id="unheard-of")], 60, counts)
    (one,) = rounds([(decision, kept)], LearnSettings(), counts)
    assert one.gains.keys() == {clicked}
    assert counts["events on what was not shown"] == 1
    seen = {id: examined for id, _gain, examined in observed(one, ())}
    assert seen.keys() == {*(h["_id"] for h in first["hits"]["hits"]), clicked}
    judged = {j.id: j.grade for j in judgments_from_clicks([one]).judgments}
    assert judged.keys() == seen.keys()
    assert passed_over not in judged
    assert max(judged, key=lambda id: judged[id]) == clicked


async def test_what_is_rarely_shown_gets_a_place_and_the_record_tells_how_likely(node: Any, products: str) -> None:
    often = {f"{n}": 100.0 - n / 100 for n in range(1000)}
    async with bench(node.url, serving_of()) as b:
        usual = await b.page(request_of(products, size=50))
    ids = [hit["_id"] for hit in usual["hits"]["hits"]]
    knowledge = Knowledge(exposure=Exposure({id: n for id, n in often.items() if id != ids[17]}))
    serving = serving_of(
        knowledge=knowledge,
        strategies=build_strategies(INDEX, knowledge),
        choose=CHOOSE.model_copy(update={"fresh_share": 1.0}),
    )
    request = request_of(products)
    async with bench(node.url, serving) as b:
        page = await b.page(request)
        again = await b.page(replace(request, asker=Asker(explore=False), query_id="out"))
    explored, opted_out = b.decisions
    assert explored.placed is not None
    assert explored.placed.probability == pytest.approx(1 / 9)
    shown = [hit["_id"] for hit in page["hits"]["hits"]]
    place = explored.placed.rank - 1
    assert shown[place] == explored.placed.key.id == explored.candidates[place].key.id
    assert shown[place] not in ids[:10]
    assert [id for id in shown if id != shown[place]] == ids[:9]
    assert explored.slots[-1].probability == 1.0
    assert opted_out.placed is None
    assert [hit["_id"] for hit in again["hits"]["hits"]] == ids[:10]
