"""A proxy on a cluster that was never set up, or not any more: it says so, and makes no index of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch, TransportError

from ltrr_opensearch.index.uninstall import Uninstall
from ltrr_opensearch.settings import Settings
from tests.operations.world import Running, products, running, set_up, settings_for, until
from tests.proxy.listening import call

BODY = {"query": {"match": {"title": "red shoes"}}, "size": 3}
CLICK = b'{"action_name": "click", "query_id": "q1"}'


@pytest.fixture
def shop(node: Any, name: str, spool: Path, client: OpenSearch) -> Settings:
    products(client, f"{name}-shop")
    return settings_for(node.url, name, spool)


def searched_and_clicked(proxy: Running, name: str) -> None:
    assert "x-ltrr" in proxy.search(f"{name}-shop", BODY).headers
    assert call(proxy.url, "POST", "/_ltrr/events", CLICK).json == {"accepted": 1, "rejected": []}


def ours(client: OpenSearch, name: str) -> set[str]:
    return set(client.indices.get(index=f"{name}*")) - {f"{name}-shop"}


def count(client: OpenSearch, index: str) -> int:
    try:
        client.indices.refresh(index=index, ignore_unavailable=True)
        return int(client.count(index=index, ignore_unavailable=True)["count"])
    except TransportError as made_this_moment:  # its shards are not there yet
        if made_this_moment.status_code != 503:
            raise
        return 0


def kept_on_disk(spool: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in spool.glob("*/*.spool"))


def test_records_wait_on_the_disk_until_set_up(shop: Settings, name: str, spool: Path, client: OpenSearch) -> None:
    with running(shop) as proxy:
        searched_and_clicked(proxy, name)
        until(lambda: kept_on_disk(spool) >= 3)
        assert "run: ltrr setup INDEX" in proxy.ready["faults"][0]
        assert b'reason="not set up"' in call(proxy.admin, "GET", "/_ltrr/metrics").body
        assert ours(client, name) == set()
        set_up(shop, f"{name}-shop")
        until(lambda: proxy.ready["faults"] == [] and count(client, f"{name}_decisions-*") == 1)
        until(lambda: count(client, f"{name}-events") == 1 + 3)
    (mapped,) = client.indices.get_mapping(index=f"{name}_decisions-*").values()
    assert mapped["mappings"]["properties"]["query_id"]["type"] == "keyword"


def test_ubi_indexes_of_somebody_else_are_written_to(shop: Settings, name: str, client: OpenSearch) -> None:
    client.indices.create(index=f"{name}-events", body={"settings": {"number_of_replicas": 0}})
    with running(shop) as proxy:
        searched_and_clicked(proxy, name)
        until(lambda: count(client, f"{name}-events") == 1 + 3)
        assert ours(client, name) == {f"{name}-events"}


def test_after_uninstall_nothing_is_made_anew(shop: Settings, name: str, client: OpenSearch) -> None:
    set_up(shop, f"{name}-shop")
    with running(shop) as proxy:
        assert proxy.ready["faults"] == []
        list(Uninstall(client, shop, None, ubi=True).perform())
        until(lambda: proxy.ready["faults"] != [])
        searched_and_clicked(proxy, name)
    assert ours(client, name) == set()
