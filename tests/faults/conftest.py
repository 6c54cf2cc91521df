"""One shop, one relay and one proxy for all tests of a file; after each test everything is well again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from tests.faults.proxy import Proxy, serving
from tests.faults.relay import FaultRelay
from tests.faults.world import World, until, world


@pytest.fixture(scope="session")
def shop(client: OpenSearch) -> Iterator[World]:
    with world(client) as made:
        yield made


@pytest.fixture(scope="module")
def relay_of_module(node: Any) -> Iterator[FaultRelay]:
    with FaultRelay(node.url) as relay:
        yield relay


@pytest.fixture
def relay(relay_of_module: FaultRelay) -> Iterator[FaultRelay]:
    yield relay_of_module
    relay_of_module.heal()
    relay_of_module.seen.clear()


@pytest.fixture(scope="module")
def proxy(shop: World, relay_of_module: FaultRelay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    path = shop.configuration(tmp_path_factory.mktemp("proxy"), relay_of_module.url)
    with serving(path) as started:
        until(lambda: started.ready().status == 200)
        yield started
