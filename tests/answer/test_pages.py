from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ltrr_opensearch.answer.listing import Listing
from ltrr_opensearch.answer.pages import PageMemory, page_key
from ltrr_opensearch.types import Asker, SearchRequest

REQUEST = SearchRequest(
    query_id="q",
    target="products",
    text="laptop",
    body={"query": {"match": {"title": "laptop"}}, "size": 10},
    params=(("preference", "x"),),
    headers=((b"Authorization", b"Basic YTpi"),),
    filters=(),
    size=10,
    offset=0,
    asker=Asker(),
    ubi=None,
    at=datetime(2026, 1, 1, tzinfo=UTC),
)


def test_the_pages_of_a_search_share_a_key() -> None:
    second = replace(
        REQUEST, query_id="r", offset=10, body=REQUEST.body | {"from": 10}, params=(*REQUEST.params, ("from", "10"))
    )
    assert page_key(second, "s") == page_key(REQUEST, "s")


def test_another_caller_index_query_or_user_has_another_key() -> None:
    others = [
        replace(REQUEST, headers=((b"authorization", b"Basic Yzpk"),)),
        replace(REQUEST, target="books"),
        replace(REQUEST, text="lamp"),
        replace(REQUEST, body={"query": {"match": {"title": "lamp"}}}),
        replace(REQUEST, asker=Asker(user="u1")),
    ]
    assert len({page_key(r, "s") for r in (REQUEST, *others)}) == 6


def test_without_the_secret_nobody_makes_the_key() -> None:
    assert page_key(REQUEST, "s") != page_key(REQUEST, "another")


def test_memory_is_bounded_and_forgets_with_time() -> None:
    now = [0.0]
    memory = PageMemory(2, 300, lambda: now[0])
    for name in "abc":
        memory.put(name, Listing(name, (), 0))
    assert [memory.get(name) is not None for name in "abc"] == [False, True, True]
    now[0] = 301
    assert memory.get("c") is None
