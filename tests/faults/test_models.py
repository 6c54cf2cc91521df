"""Publishing under load, and models that are corrupt or half-written: searches go on with the best that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import orjson
import pytest

from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.types import EntityScore
from tests.faults.proxy import Proxy, serving
from tests.faults.relay import FaultRelay, answers
from tests.faults.world import ALL, World, query, until


def memory(number: int) -> bytes:
    return Memory.from_rows([MemoryRow(f"red shoe {number}", (EntityScore("3", 1.0),))]).to_bytes()


def serves(proxy: Proxy, shop: World, release: str) -> bool:
    return proxy.metric(f'ltrr_release{{index="{shop.shop}",release="{release}"') == 1


@pytest.fixture(autouse=True)
def anew(shop: World) -> Iterator[None]:
    """No release of one test is the parent of another's."""
    yield
    shop.client.delete_by_query(index=f"{shop.prefix}_releases", body={"query": {"match_all": {}}}, refresh=True)


def told(proxy: Proxy, shop: World) -> dict[str, object]:
    """How a search went, as the client is told."""
    found: dict[str, object] = proxy.search(shop.shop, query(ext={"ltrr": ALL["ltrr"] | {"explain": True}})).json[
        "ext"
    ]["ltrr"]
    return found


def test_publishing_under_load_costs_no_search(relay: FaultRelay, proxy: Proxy, shop: World) -> None:
    enough = Event()

    def client(_: int) -> list[tuple[int, bool]]:
        answers = []
        while not enough.is_set():
            got = proxy.search(shop.shop, query())
            answers.append((got.status, "x-ltrr" in got.headers))
        return answers

    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(client, number) for number in range(4)]
        for number in range(5):
            release = shop.publish("memory", memory(number))
            until(lambda release=release: serves(proxy, shop, release))  # type: ignore[misc]
        enough.set()
        answers = {answer for one in clients for answer in one.result()}
    assert answers == {(200, True)}


DAMAGES = {
    "bytes of nothing": ("memory", b"nonsense"),
    "half of it": ("memory", memory(1)[:40]),
    "a ranker of another shape": ("ranker", b'{"features": ["a"], "weights": []}'),
    "a ranker that is no JSON": ("ranker", b"\x00\x01"),
}


@pytest.mark.parametrize(("kind", "payload"), DAMAGES.values(), ids=DAMAGES)
def test_a_corrupt_part_gives_way_to_the_one_before(
    relay: FaultRelay, proxy: Proxy, shop: World, tmp_path: Path, kind: str, payload: bytes
) -> None:
    shop.publish("memory", memory(0))
    shop.publish_ranker()
    errors = proxy.metric("ltrr_release_errors_total")
    release = shop.publish(kind, payload, "linear", {"rows": [], "scores": []})
    until(lambda: serves(proxy, shop, release))
    with serving(shop.configuration(tmp_path, relay.url)) as started:
        until(lambda: serves(started, shop, release))
        for one in (proxy, started):
            assert one.metric(f'ltrr_release_errors_total{{index="{shop.shop}",what="{kind}"') >= 1
            ready = one.ready()
            assert ready.status == 200
            assert f"{kind} " in ready.json["faults"][0]
            assert shop.shop in ready.json["faults"][0]
            assert told(one, shop)["ranker"] == "linear", "the other part, or the one before"
    assert proxy.metric("ltrr_release_errors_total") == errors + 1, "tried once"


def test_a_half_written_part_is_told_by_name(relay: FaultRelay, proxy: Proxy, shop: World) -> None:
    """Its first chunk says that there are more than there are."""
    shop.publish("memory", memory(0))
    release = shop.publish("memory", memory(1))
    until(lambda: serves(proxy, shop, release))
    version = shop.releases.history(shop.shop)[0].versions["memory"]
    id = f"memory-{shop.shop}-{version}-0"
    shop.client.update(index=f"{shop.prefix}_models", id=id, body={"doc": {"chunks": 2}})
    again = shop.publish_ranker()
    until(lambda: serves(proxy, shop, again))
    assert f"memory {version} of index '{shop.shop}': lacks its chunk 1" in proxy.ready().json["faults"][0]
    assert proxy.search(shop.shop, query()).status == 200


def test_a_models_index_that_is_gone_leaves_what_serves(relay: FaultRelay, proxy: Proxy, shop: World) -> None:
    release = shop.publish_ranker()
    until(lambda: serves(proxy, shop, release))
    relay.fail(answers(503), lambda asked: f"/{shop.prefix}_" in asked.path)
    errors = proxy.metric("ltrr_release_errors_total")
    until(lambda: proxy.metric("ltrr_release_errors_total") > errors)
    assert told(proxy, shop)["release"] == release
    assert proxy.ready().json["faults"] == []


def test_what_was_published_for_another_version_of_this_software_is_left_out(
    relay: FaultRelay, proxy: Proxy, shop: World
) -> None:
    release = shop.publish("ranker", orjson.dumps({"trees": []}), "forest-of-2030")
    until(lambda: serves(proxy, shop, release))
    assert "algorithm 'forest-of-2030'; known are" in proxy.ready().json["faults"][0]
    assert told(proxy, shop)["ranker"] == "fused"
