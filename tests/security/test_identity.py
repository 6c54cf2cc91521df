"""The caller's identity reaches every request made for a search, and nobody sees what only the other may see."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import orjson
import pytest
from opensearchpy import OpenSearch

from tests.proxy.listening import Response, call
from tests.security import world
from tests.security.authority import OWN, Asked, Authority, authorising, basic
from tests.security.world import EACH, PEOPLE, Serving, other, serving, words_of

RED = {"match": {"title": "red"}}
TOTAL = 2 * EACH
"""Documents that each of the two may see."""


@pytest.fixture(scope="module")
def authority(node: Any, client: OpenSearch) -> Iterator[Authority]:
    index = "test_who_may_see"
    client.indices.delete(index=f"{index}*", ignore_unavailable=True)
    world.fill(client, index)
    world.publish_what_was_learned(client, index, f"{index}-own")
    with authorising(world.authority_for(node.url, index)) as relay:
        yield relay
    client.indices.delete(index=f"{index}*", ignore_unavailable=True)


@pytest.fixture(scope="module")
def proxy(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(authority.url, authority.index, tmp_path_factory.mktemp("identity")) as served:
        _embeds_in_time(served, authority)
        yield served


def _embeds_in_time(proxy: Serving, authority: Authority) -> None:
    """A machine that has just begun may embed a text later than a search waits; who asks is the matter here."""
    until = time.monotonic() + 60
    for attempt in count():
        body = {"query": {"match": {"title": f"red {attempt}"}}, "ext": {"ltrr": {"explain": True}}}
        told = search(proxy, authority, PEOPLE[0], body).json["ext"]["ltrr"]
        if outcomes_of(told).get("knn") == "ok":
            return
        assert time.monotonic() < until, (told, proxy.log.read_text())


def outcomes_of(told: Any) -> dict[str, str]:
    return {plan["plan"]: plan["outcome"] for plan in told["plans"]}


@pytest.fixture(autouse=True)
def quiet(authority: Authority) -> None:
    """Features are logged behind the answers of the test before; they belong to its searches."""
    before = -1
    while before != (before := sum(one.who != OWN for one in authority.asked)):
        time.sleep(0.15)


@pytest.fixture(scope="module")
def second(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Another proxy of the same cluster, which continues the pages of the first."""
    with serving(authority.url, authority.index, tmp_path_factory.mktemp("second"), encoder=False) as served:
        yield served


def search(proxy: Serving, authority: Authority, who: str, body: Any, query: str = "") -> Response:
    target = f"/{authority.index}/_search{query}"
    return call(proxy.url, "POST", target, orjson.dumps(body), {"authorization": basic(who)})


def ids(answer: Response) -> list[str]:
    return [hit["_id"] for hit in answer.json["hits"]["hits"]]


def searches_of(authority: Authority, since: int) -> list[Asked]:
    return [
        asked for asked in authority.asked[since:] if authority.index + "/" in asked.path or "/_msearch" in asked.path
    ]


@pytest.mark.parametrize("who", PEOPLE)
def test_every_request_for_a_search_is_made_as_its_caller(authority: Authority, proxy: Serving, who: str) -> None:
    since = len(authority.asked)
    plans = _all_in_time(authority, proxy, who)
    asked = searches_of(authority, since)
    assert {(one.who, one.status) for one in asked} == {(who, 200)}
    bodies = [one.body for one in asked]
    kinds = {
        "original": any(b'"aggs"' in body for body in bodies),
        "kNN": any(b'"knn"' in body for body in bodies),
        "memory": any(b'"constant_score"' in body and b'"ids"' in body for body in bodies),
        "features": any(b'"rescore"' in body for body in bodies),
        "winners": any(
            b'"ids"' in body and b'"rescore"' not in body and b"constant_score" not in body for body in bodies
        ),
    }
    assert [kind for kind, seen in kinds.items() if not seen] == [], f"{plans}\n{proxy.log.read_text()}"
    assert set(plans.values()) <= {"ok", "not_asked"}


def _all_in_time(authority: Authority, proxy: Serving, who: str) -> dict[str, str]:
    """Searches until every plan was asked: a busy machine embeds or answers late now and then."""
    narrow = {"match": {"title": {"query": "red onlybothword", "operator": "and"}}}  # so that plans bring what it lacks
    explained = {"query": narrow, "explain": True, "aggs": {"b": {"terms": {"field": "brand"}}}}
    until, plans = time.monotonic() + 60, {"knn": "", "q2e": ""}
    size = 60
    while not plans["knn"] == plans["q2e"] == "ok":
        assert time.monotonic() < until, f"{plans}\n{proxy.log.read_text()}"
        size += 1  # a search of its own, not a page that was settled
        got = search(proxy, authority, who, explained | {"size": size, "ext": {"ltrr": {"explain": True}}})
        assert "x-ltrr" in got.headers, got.body
        plans = outcomes_of(got.json["ext"]["ltrr"])
    return plans


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(
    "text",
    ["red", "red onlyaliceword", "red onlybobword", "onlybobword boot", "onlyaliceword shoe", "red onlybothword"],
)
def test_nothing_shows_what_only_the_other_may_see(authority: Authority, proxy: Serving, who: str, text: str) -> None:
    body = {
        "query": {"match": {"title": text}},
        "explain": True,
        "size": 30,
        "aggs": {"brands": {"terms": {"field": "brand"}}},
        "highlight": {"fields": {"title": {}}},
        "suggest": {"s": {"text": text, "term": {"field": "title", "suggest_mode": "always"}}},
        "ext": {"ltrr": {"explain": True}},
    }
    got = search(proxy, authority, who, body)
    assert got.status == 200
    assert "x-ltrr" in got.headers
    assert got.json["hits"]["total"]["value"] <= TOTAL
    content = got.json
    readings = content["ext"]["ltrr"]["readings"]
    assert not any(other(who) in str(reading["slots"]) for reading in readings)
    told = orjson.dumps(content["hits"]) + orjson.dumps(content["aggregations"])
    assert words_of(other(who)) not in told
    if other(who) not in text:  # the caller's own words come back to them
        # what the terms of an index are, suggesters and statistics tell whoever may search it, with and without us
        rest = {key: value for key, value in content.items() if key != "suggest"}
        assert words_of(other(who)) not in orjson.dumps(rest) + repr(got.headers).encode()


@pytest.mark.parametrize("who", PEOPLE)
def test_a_walk_over_all_pages_is_the_callers_own(
    authority: Authority, proxy: Serving, second: Serving, who: str
) -> None:
    """On two proxies, past the re-ranked window, while the other person walks through the same search."""
    since = len(authority.asked)
    seen: list[str] = []
    for number, offset in enumerate(range(0, TOTAL, 10)):
        body = {"query": RED, "size": 10, "from": offset}
        search(proxy, authority, other(who), body)
        got = search(second if number % 2 else proxy, authority, who, body)
        assert words_of(other(who)) not in got.body
        seen += ids(got)
    assert len(seen) == len(set(seen)) == TOTAL
    tail = [one for one in searches_of(authority, since) if b'"must_not"' in one.body]
    assert {one.who for one in tail} == set(PEOPLE)
    assert {one.who for one in searches_of(authority, since)} == set(PEOPLE)


def test_an_order_is_kept_for_who_asked(authority: Authority, proxy: Serving) -> None:
    """The second page of a search that only the other person began is not the second page of theirs."""
    body = {"query": {"match": {"title": "red boot"}}, "size": 10}
    first = {who: ids(search(proxy, authority, who, body)) for who in PEOPLE}
    second = {who: ids(search(proxy, authority, who, body | {"from": 10})) for who in PEOPLE}
    for who in PEOPLE:
        assert not set(first[who]) & set(second[who])
        assert not any(other(who) in id for id in first[who] + second[who])


@pytest.mark.parametrize("who", PEOPLE)
def test_an_msearch_is_made_as_its_caller(authority: Authority, proxy: Serving, who: str) -> None:
    lines: list[Any] = []
    for body in (
        {"query": RED, "size": 20},
        {"query": {"match_all": {}}, "sort": ["brand"]},
        {"query": RED, "from": 10},
    ):
        lines += [{"index": authority.index}, body]
    raw = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    since = len(authority.asked)
    headers = {"authorization": basic(who), "content-type": "application/x-ndjson"}
    got = call(proxy.url, "POST", "/_msearch", raw, headers)
    assert [item["status"] for item in got.json["responses"]] == [200, 200, 200]
    assert got.headers["x-ltrr"].count(",") == 1
    assert words_of(other(who)) not in got.body
    asked = searches_of(authority, since)
    assert {one.who for one in asked} == {who}
    assert any(one.path.startswith("/_msearch") for one in asked)


@pytest.mark.parametrize("who", PEOPLE)
def test_a_point_in_time_is_searched_as_its_caller(authority: Authority, proxy: Serving, who: str) -> None:
    headers = {"authorization": basic(who)}
    opened = call(proxy.url, "POST", f"/{authority.index}/_search/point_in_time?keep_alive=1m", None, headers)
    since = len(authority.asked)
    body = {"query": RED, "size": 20, "pit": {"id": opened.json["pit_id"], "keep_alive": "1m"}}
    got = call(proxy.url, "POST", "/_search", orjson.dumps(body), headers)
    assert "x-ltrr" in got.headers
    assert len(ids(got)) == 20
    assert words_of(other(who)) not in got.body
    asked = [
        one for one in authority.asked[since:] if one.path.startswith("/_search") or authority.index + "/" in one.path
    ]
    assert len(asked) > 1
    assert {one.who for one in asked} == {who}


@pytest.mark.parametrize("target", ["_search", "_search?q=red", "_count", "_msearch", "_search?scroll=1m"])
@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Basic bm9ib2R5Om5vYm9keQ=="}, {"authorization": "Bearer x"}, {"cookie": "a=b"}]
)
def test_without_known_credentials_nothing_is_read(
    authority: Authority, proxy: Serving, target: str, headers: dict[str, str]
) -> None:
    """The cluster's own 401; our account does not ask in the caller's place."""
    since = len(authority.asked)
    body = orjson.dumps({"query": RED})
    raw = b"{}\n" + body + b"\n" if target == "_msearch" else body
    got = call(proxy.url, "POST", f"/{authority.index}/{target}", raw, headers)
    straight = call(authority.url, "POST", f"/{authority.index}/{target}", raw, headers)
    assert (got.status, got.body, got.headers["www-authenticate"]) == (401, b"Unauthorized", 'Basic realm="authority"')
    assert straight.status == 401
    assert {one.who for one in searches_of(authority, since)} == {"nobody"}


def test_credentials_are_never_taken_from_another_request(authority: Authority, proxy: Serving) -> None:
    """On one connection, where a request with credentials was answered just before."""
    body = {"query": RED}
    assert search(proxy, authority, "alice", body).status == 200
    refused = call(proxy.url, "POST", f"/{authority.index}/_search", orjson.dumps(body))
    assert refused.status == 401
    later = call(proxy.url, "POST", f"/{authority.index}/_search", orjson.dumps(body | {"from": 10}))
    assert later.status == 401


def test_our_own_account_touches_only_what_is_ours(authority: Authority, proxy: Serving) -> None:
    """Everything that it asked since the start of the proxy was allowed, and none of it was a client's read."""
    asked = authority.by(OWN)
    assert [(one.method, one.path) for one in asked if one.status in (401, 403)] == []
    assert [one for one in asked if f"/{authority.index}/" in one.path or one.path.startswith("/_msearch")] == []
    assert any("_bulk" in one.path for one in asked), "the log is written by it"
    assert any("_releases" in one.path for one in asked), "releases are read by it"


def test_callers_do_not_read_the_log_through_the_proxy(authority: Authority, proxy: Serving) -> None:
    """What our account wrote, a caller reads only with rights of their own."""
    for target in ("own_decisions-*/_search", "own_pages/_search", "ubi_queries/_search", "own_memory/_search"):
        got = call(proxy.url, "GET", f"/{authority.index}-{target}", None, {"authorization": basic("alice")})
        assert got.status == 403


def test_a_rule_pins_nothing_that_its_caller_may_not_see(authority: Authority, tmp_path: Any) -> None:
    """The first place is promised to a document of each: everybody gets the one that they may see."""
    ids = [f"{words_of(name).decode()}-7" for name in PEOPLE]
    rule = {"id": "campaign", "pin": [{"id": id, "position": 1} for id in ids], "boost": {"ids": ids}}
    with serving(authority.url, authority.index, tmp_path, encoder=False, rules=[rule]) as served:
        for name in PEOPLE:
            found = search(served, authority, name, {"query": RED, "size": 10})
            assert found.json["hits"]["hits"][0]["_id"] == f"{words_of(name).decode()}-7"
            assert words_of(other(name)) not in found.body
            assert found.json["hits"]["total"]["value"] == TOTAL
