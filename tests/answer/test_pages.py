from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

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


@pytest.mark.parametrize(
    "name",
    [
        *(b"Authorization", b"Proxy-Authorization", b"Cookie", b"securitytenant", b"x-proxy-user", b"X-Proxy-Roles"),
        *(b"opendistro_security_impersonate_as", b"X-Forwarded-User", b"x-amz-security-token", b"X-Api-Key", b"x-jwt"),
        *(b"X-Forwarded-Client-Cert", b"x-remote-groups", b"X-Forwarded-Email", b"x-ssl-client-s-dn"),
    ],
)
def test_whatever_may_name_a_caller_tells_callers_apart(name: bytes) -> None:
    def key(value: bytes) -> str:
        return page_key(replace(REQUEST, headers=((name, value),)), "s")

    assert key(b"alice") != key(b"bob")
    assert key(b"alice") == key(b"alice")


@pytest.mark.parametrize("name", [b"User-Agent", b"X-Opaque-Id", b"traceparent", b"X-Request-Id", b"Referer"])
def test_what_differs_from_page_to_page_does_not(name: bytes) -> None:
    keys = {page_key(replace(REQUEST, headers=(*REQUEST.headers, (name, value))), "s") for value in (b"1", b"2")}
    assert len(keys) == 1


def test_another_caller_index_query_or_user_has_another_key() -> None:
    others = [
        replace(REQUEST, headers=((b"authorization", b"Basic Yzpk"),)),
        replace(REQUEST, target="books"),
        replace(REQUEST, text="lamp"),
        replace(REQUEST, body={"query": {"match": {"title": "lamp"}}}),
        replace(REQUEST, asker=Asker(user="u1")),
        replace(REQUEST, asker=Asker(explore=False)),
    ]
    assert len({page_key(r, "s") for r in (REQUEST, *others)}) == 7


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
