from __future__ import annotations

from datetime import UTC, datetime

from ltrr_opensearch.answer import compose
from ltrr_opensearch.types import Asker, DocKey, SearchRequest


def key(id: str) -> DocKey:
    return DocKey("products", id)


def raw(id: str) -> dict[str, object]:
    return {"_index": "products", "_id": id, "_score": 7.0, "_source": {"title": id}}


def test_pages_neither_repeat_nor_lose_a_document() -> None:
    keys = [key(str(i)) for i in range(25)]
    raws = {k: raw(k.id) for k in keys}
    pages = [compose.page_hits(keys, offset, 10, raws) for offset in (0, 10, 20)]
    assert [h["_id"] for page in pages for h in page] == [k.id for k in keys]


def test_scores_fall_with_the_rank_on_every_page() -> None:
    keys = [key(str(i)) for i in range(20)]
    raws = {k: raw(k.id) for k in keys}
    scores = [h["_score"] for offset in (0, 10) for h in compose.page_hits(keys, offset, 10, raws)]
    assert scores == [1 / rank for rank in range(1, 21)]


def test_no_page_takes_hits_of_the_next() -> None:
    keys = [key(i) for i in "abcd"]
    hits = compose.page_hits(keys, 0, 2, {k: raw(k.id) for k in keys if k.id != "a"})
    assert [h["_id"] for h in hits] == ["b"]


def request(**body: object) -> SearchRequest:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return SearchRequest("q", "products", "a", dict(body), (), (), (), 10, 0, Asker(), None, at)


def test_the_response_is_the_original_one_with_our_hits_and_more_of_them() -> None:
    page = {
        "took": 3,
        "hits": {"total": {"value": 2, "relation": "eq"}, "max_score": 9.0, "hits": []},
        "aggregations": {},
    }
    body = compose.response(page, request(), [raw("a")], 3, 12.4, {})
    assert body["hits"]["total"] == {"value": 5, "relation": "eq"}
    assert body["hits"]["max_score"] == 1.0
    assert body["took"] == 12
    assert "aggregations" in body
    assert "ext" not in body


def test_a_total_that_was_not_tracked_stays_away() -> None:
    page = {"took": 1, "hits": {"max_score": None, "hits": []}}
    body = compose.response(page, request(track_total_hits=False), [], 5, 1.0, {})
    assert "total" not in body["hits"]
    assert body["hits"]["max_score"] is None


def test_an_explanation_of_a_later_page_keeps_the_clusters_own() -> None:
    first, second = compose.with_places([raw("a"), raw("b") | {"_explanation": {"value": 2.0}}], 10, "q1")
    assert first["_explanation"]["value"] == 1 / 11
    assert second["_explanation"]["details"] == [{"value": 2.0}]
