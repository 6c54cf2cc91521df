"""The client's own query as it is split: documents for its page, ids for what was drawn below it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest

from ltrr_opensearch.cluster.upstream import Reply
from ltrr_opensearch.retrieve.fan_out import WORTH_A_REQUEST, FanOut, Retrieved
from ltrr_opensearch.types import Draw, Encoded, Headers, Outcome, QueryPlan, SearchRequest, Slot, SlotDraw
from tests.retrieve.test_bodies import REQUEST

PAGE = 10
DEEP = PAGE + WORTH_A_REQUEST
FIRST = replace(REQUEST, offset=0, size=PAGE, params=(), filters=())
OWN = QueryPlan("original", "original", "lexical", lambda _depth, _vector: REQUEST.body["query"], original=True)


@dataclass
class Hundred:
    """A cluster that has a hundred documents, in one order for every query. `moved`: a refresh moved the order down
    by so many between the page and what is below; `status` is that of what is below the page.
    """

    moved: int = 0
    status: int = 200
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply:
        content = orjson.loads(body)
        self.asked.append(content)
        start = content.get("from", 0)
        ids = [str(i) for i in range(100)][max(0, start - (self.moved if start else 0)) :][: content["size"]]
        hits = [{"_index": "products", "_id": i, "_score": 1.0, "fields": {"id": [i]}} for i in ids]
        return Reply(
            self.status if start else 200,
            (),
            orjson.dumps({"hits": {"total": {"value": 100, "relation": "eq"}, "hits": hits}}),
        )


async def retrieved(cluster: Hundred, depth: int, request: SearchRequest = FIRST) -> Retrieved:
    slot = Slot(OWN.name, OWN.strategy, OWN.source, 0, {}, {}, (), (0, depth), (True, True))
    draw = Draw("fixed", (SlotDraw(slot, (0.0, 1.0), depth, 1.0),))
    return await FanOut(cluster, 1000).retrieve(request, (OWN,), draw, Encoded(), (), "same", "id")


async def test_what_was_drawn_below_the_page_comes_as_ids() -> None:
    cluster = Hundred()
    found = await retrieved(cluster, DEEP)
    (result,) = found.results
    assert [hit.key.id for hit in result.hits] == [str(i) for i in range(DEEP)]
    assert [hit.rank for hit in result.hits] == list(range(1, DEEP + 1))
    page, below = sorted(cluster.asked, key=lambda body: body.get("from", 0))
    assert (page["size"], page["_source"]) == (PAGE, ["title"])
    assert (below["from"], below["size"], below["stored_fields"]) == (PAGE, DEEP - PAGE, "_none_")
    assert found.original.page is not None
    assert len(found.original.page["hits"]["hits"]) == PAGE


async def test_a_few_hits_more_come_with_the_page() -> None:
    cluster = Hundred()
    (result,) = (await retrieved(cluster, DEEP - 1)).results
    assert len(result.hits) == DEEP - 1
    assert [body["size"] for body in cluster.asked] == [DEEP - 1]


async def test_without_a_query_of_its_own_there_is_one_request() -> None:
    cluster = Hundred()
    body = {key: value for key, value in FIRST.body.items() if key != "query"}
    await retrieved(cluster, DEEP, replace(FIRST, body=body))
    assert len(cluster.asked) == 1


async def test_a_document_that_moved_down_between_both_requests_counts_once() -> None:
    (result,) = (await retrieved(Hundred(moved=3), DEEP)).results
    ids = [hit.key.id for hit in result.hits]
    assert len(ids) == len(set(ids))
    assert [hit.rank for hit in result.hits] == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("status", [500, 429])
async def test_what_failed_below_the_page_is_an_outcome_and_the_page_is_kept(status: int) -> None:
    found = await retrieved(Hundred(status=status), DEEP)
    (result,) = found.results
    assert result.outcome is Outcome.FAILED
    assert [hit.key.id for hit in result.hits] == [str(i) for i in range(PAGE)]
    assert found.original.page is not None
