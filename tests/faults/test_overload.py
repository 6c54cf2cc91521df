"""More than the proxy takes on at once: searches are shed, then requests refused, and health stays within reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from tests.faults.proxy import Proxy, serving
from tests.faults.relay import HANG, SLOW, FaultRelay
from tests.faults.world import World, click, query, until
from tests.proxy.listening import Response, call


@pytest.fixture(scope="module")
def small(shop: World, relay_of_module: FaultRelay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy that takes on little."""
    limits = ", limits: {searches: 2, requests: 6, retry_after_s: 3}"
    path = shop.configuration(tmp_path_factory.mktemp("small"), relay_of_module.url, serve=limits)
    with serving(path) as started:
        until(lambda: started.ready().status == 200)
        yield started


def at_once(proxy: Proxy, shop: World, count: int, target: str = "_search") -> list[Response]:
    def ask(number: int) -> Response:
        return call(proxy.url, "POST", f"/{shop.shop}/{target}", orjson.dumps(query()), wait_s=15)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(ask, range(count)))


def test_searches_beyond_the_limit_get_the_answer_to_their_own_query(
    relay: FaultRelay, small: Proxy, shop: World
) -> None:
    relay.fail(SLOW, lambda asked: asked.is_search and not asked.is_ours)
    shed = small.metric("ltrr_shed_total")
    answers = at_once(small, shop, 5)
    assert [a.status for a in answers] == [200] * 5
    assert sum("x-ltrr" in a.headers for a in answers) == 2
    assert small.metric("ltrr_shed_total") == shed + 3
    assert small.metric('ltrr_passthrough_total{reason="pressure"') == shed + 3


@pytest.mark.parametrize("target", ["_search", "_count"])
def test_requests_beyond_the_limit_are_told_when_to_come_back(
    relay: FaultRelay, small: Proxy, shop: World, target: str
) -> None:
    relay.fail(SLOW, lambda asked: f"/{target}" in asked.path)
    answers = at_once(small, shop, 12, target)
    refused = [a for a in answers if a.status == 429]
    statuses = Counter(a.status for a in answers if a.status != 429)
    assert len(refused) >= 6
    assert set(statuses) <= {200, 400}
    assert {a.headers["retry-after"] for a in refused} == {"3"}
    assert {a.json["error"]["type"] for a in refused} == {"rejected_execution_exception"}
    until(lambda: small.metric("ltrr_requests_under_way") == 0)


def test_hanging_requests_do_not_lock_operators_out_and_leave_when_their_clients_do(
    relay: FaultRelay, small: Proxy, shop: World
) -> None:
    relay.fail(HANG, lambda asked: asked.is_search)

    def hang(number: int) -> None:
        with pytest.raises(TimeoutError):
            call(small.url, "GET", f"/{shop.shop}/_search", wait_s=2)

    with ThreadPoolExecutor(6) as pool:
        hanging = [pool.submit(hang, number) for number in range(6)]
        until(lambda: small.metric("ltrr_requests_under_way") == 6)
        assert small.ready().status == 200
        refusal = small.post([click("refused")])
        assert refusal.status == 429
        for one in hanging:
            one.result()
    until(lambda: small.metric("ltrr_requests_under_way") == 0)
    relay.heal()
    assert small.post([click("taken")]).status == 202
    assert small.metric('ltrr_refused_total{reason="requests"') >= 1
