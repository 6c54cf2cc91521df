"""What a client sees while the cluster fails: its own query's answer, or what the cluster would have said itself."""

from __future__ import annotations

from http.client import HTTPException

import orjson
import pytest

from tests.faults.proxy import Proxy
from tests.faults.relay import HANG, RESET, SLOW, TRUNCATE, Fault, FaultRelay, answers
from tests.faults.world import ALL, World, query, until
from tests.proxy.listening import Response, call

ERRORS = {str(status): answers(status, Retry_After="7") for status in (429, 502, 503)}
FAULTS = {"slow": SLOW, "hang": HANG, "reset": RESET, "truncate": TRUNCATE, **ERRORS}


@pytest.fixture(scope="module", autouse=True)
def ranked(shop: World, proxy: Proxy) -> None:
    release = shop.publish_ranker()
    until(lambda: proxy.metric(f'ltrr_release{{index="{shop.shop}",release="{release}"') == 1)


def straight(relay: FaultRelay, shop: World) -> Response:
    return call(relay.url, "POST", f"/{shop.shop}/_search", orjson.dumps(query()))


def ids(response: Response) -> list[str]:
    return [hit["_id"] for hit in response.json["hits"]["hits"]]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("part", ["is_plan", "is_features", "is_winners", "is_ours"])
def test_whatever_fails_of_ours_the_clients_own_query_answers(
    relay: FaultRelay, proxy: Proxy, shop: World, part: str, fault: Fault
) -> None:
    wanted = straight(relay, shop)
    relay.fail(fault, lambda asked: getattr(asked, part))
    got = proxy.search(shop.shop, query(ext=ALL))
    assert got.status == 200
    assert got.json["hits"]["total"]["value"] >= wanted.json["hits"]["total"]["value"]
    assert len(ids(got)) >= len(ids(wanted))
    assert any(getattr(asked, part) for asked in relay.seen), "the fault was met"
    if part != "is_plan":
        assert sorted(ids(got)) == sorted(ids(wanted)), "there is nothing else to show"


def test_orders_that_cannot_be_shared_cost_no_search(relay: FaultRelay, proxy: Proxy, shop: World) -> None:
    relay.fail(HANG, lambda asked: asked.is_pages)
    first = proxy.search(shop.shop, query("usb lamp", ext=ALL))
    second = proxy.search(shop.shop, query("usb lamp", ext=ALL, **{"from": 1}))
    assert [(got.status, "x-ltrr" in got.headers) for got in (first, second)] == [(200, True)] * 2
    assert ids(first)[1:] == ids(second)
    assert any(asked.is_pages for asked in relay.seen), "the fault was met"


@pytest.mark.parametrize("fault", ERRORS.values(), ids=ERRORS)
def test_the_clusters_own_errors_reach_the_client_as_they_are(
    relay: FaultRelay, proxy: Proxy, shop: World, fault: Fault
) -> None:
    relay.fail(fault, lambda asked: asked.is_search)
    wanted, got = straight(relay, shop), proxy.search(shop.shop, query())
    assert (got.status, got.body, got.headers["retry-after"]) == (wanted.status, wanted.body, "7")
    other = call(proxy.url, "GET", f"/{shop.shop}/_search?q=red")
    assert (other.status, other.body) == (wanted.status, wanted.body)


def test_a_slow_cluster_is_waited_for(relay: FaultRelay, proxy: Proxy, shop: World) -> None:
    relay.fail(SLOW, lambda asked: asked.is_search)
    assert ids(proxy.search(shop.shop, query())) == ids(straight(relay, shop))


@pytest.mark.parametrize("fault", [RESET, TRUNCATE], ids=["reset", "truncate"])
def test_a_broken_connection_is_no_answer(relay: FaultRelay, proxy: Proxy, shop: World, fault: Fault) -> None:
    relay.fail(fault, lambda asked: asked.is_search)
    with pytest.raises((HTTPException, ConnectionError)):
        straight(relay, shop)
    try:
        assert proxy.search(shop.shop, query()).status == 502
    except (HTTPException, ConnectionError):
        assert fault is TRUNCATE, "a client with half an answer is told by its broken connection"


def test_a_cluster_that_hangs_holds_nothing_of_ours_when_its_client_gave_up(
    relay: FaultRelay, proxy: Proxy, shop: World
) -> None:
    relay.fail(HANG, lambda asked: asked.is_search)
    gone = proxy.metric("ltrr_clients_gone_total")
    for _ in range(3):
        with pytest.raises(TimeoutError):
            call(proxy.url, "POST", f"/{shop.shop}/_search", orjson.dumps(query()), wait_s=0.5)
    until(lambda: proxy.metric("ltrr_clients_gone_total") == gone + 3)
    relay.heal()
    assert proxy.search(shop.shop, query()).status == 200


def test_a_cluster_that_restarts_is_found_again(relay: FaultRelay, proxy: Proxy, shop: World) -> None:
    relay.down()
    answer = proxy.search(shop.shop, query())
    assert answer.status == 503
    assert answer.json["error"]["type"] == "connect_transport_exception"
    assert proxy.ready().status == 503
    assert call(proxy.admin, "GET", "/_ltrr/health/live").status == 200
    relay.up()
    again = proxy.search(shop.shop, query())
    assert again.status == 200
    assert "x-ltrr" in again.headers
    assert proxy.ready().status == 200


def test_fallbacks_are_counted_by_reason(relay: FaultRelay, proxy: Proxy, shop: World) -> None:
    relay.fail(HANG, lambda asked: asked.is_plan)
    late = proxy.metric('ltrr_plans_total{outcome="timed_out"')
    proxy.search(shop.shop, query(ext=ALL))
    until(lambda: proxy.metric('ltrr_plans_total{outcome="timed_out"') > late)
    relay.fail(answers(503), lambda asked: asked.is_search)
    before = proxy.metric('ltrr_passthrough_total{reason="engine"')
    proxy.search(shop.shop, query())
    assert proxy.metric('ltrr_passthrough_total{reason="engine"') == before + 1
