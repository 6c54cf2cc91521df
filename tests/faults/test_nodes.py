"""One of two nodes is gone: the other answers, and the log is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.proxy import Proxy, serving
from tests.faults.relay import FaultRelay
from tests.faults.world import World, click, query, until
from tests.proxy.listening import call


@pytest.fixture(scope="module")
def second(node: Any) -> Iterator[FaultRelay]:
    """Another address of the node: as a proxy sees it, a second one."""
    with FaultRelay(node.url) as relay:
        yield relay


@pytest.fixture
def proxy_of_two(relay: FaultRelay, second: FaultRelay, shop: World, tmp_path: Path) -> Iterator[Proxy]:
    path = shop.configuration(tmp_path, relay.url)
    path.write_text(path.read_text().replace(f'url: "{relay.url}"', f'url: "{relay.url}", nodes: ["{second.url}"]'))
    with serving(path) as started:
        until(lambda: started.ready().status == 200)
        yield started


@pytest.mark.parametrize("gone", ["first", "second"])
def test_one_of_two_nodes_is_gone(
    relay: FaultRelay, second: FaultRelay, proxy_of_two: Proxy, shop: World, gone: str
) -> None:
    broken = {"first": relay, "second": second}[gone]
    broken.down()
    try:
        for number in range(6):
            found = proxy_of_two.search(shop.shop, query())
            assert (found.status, "x-ltrr" in found.headers) == (200, True)
            assert call(proxy_of_two.url, "GET", f"/{shop.shop}/_count").status == 200
            assert proxy_of_two.post([click(f"{gone}-{number}")]).status == 202
        assert proxy_of_two.ready().status == 200
        until(lambda: all(shop.events()[f"{gone}-{number}"] == 1 for number in range(6)))
    finally:
        broken.up()
    assert proxy_of_two.search(shop.shop, query()).status == 200
