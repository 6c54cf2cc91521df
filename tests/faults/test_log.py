"""Our own records while the log cannot be written: searches go on, events are accepted, and all of it arrives once."""

from __future__ import annotations

from itertools import count

import pytest

from ltrr_opensearch.types import Json
from tests.faults.proxy import Proxy
from tests.faults.relay import HANG, RESET, SLOW, TRUNCATE, Fault, FaultRelay, answers
from tests.faults.world import World, click, query, until

FAULTS = {
    "slow": SLOW,
    "hang": HANG,
    "reset": RESET,
    "truncate": TRUNCATE,
    "401": answers(401),
    "429": answers(429),
    "503": answers(503),
}
NUMBERS = count()

Settings = dict[str, object]


class Accepted:
    """What the proxy took over while something was wrong, and whether it is in the cluster."""

    def __init__(self, proxy: Proxy, shop: World) -> None:
        self._proxy = proxy
        self._shop = shop
        self.sessions: list[str] = []
        self.searches: list[str] = []

    def some(self, times: int = 3) -> None:
        for _ in range(times):
            session = f"s{next(NUMBERS)}"
            posted = self._proxy.post([click(session)])
            assert (posted.status, posted.json["accepted"]) == (202, 1), posted.body
            self.sessions.append(session)
            found = self._proxy.search(self._shop.shop, query())
            assert found.status == 200
            self.searches.append(found.headers["x-ltrr"])

    def arrived(self) -> bool:
        events, decisions = self._shop.events(), self._shop.decisions()
        twice = [id for id, times in (events + decisions).items() if times > 1]
        assert not twice, "nothing arrives twice"
        return all(events[s] for s in self.sessions) and all(decisions[q] for q in self.searches)


@pytest.fixture
def accepted(proxy: Proxy, shop: World) -> Accepted:
    return Accepted(proxy, shop)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_log_that_fails_is_made_up_for(relay: FaultRelay, accepted: Accepted, proxy: Proxy, fault: Fault) -> None:
    relay.fail(fault, lambda asked: asked.is_log)
    accepted.some()
    until(lambda: any(asked.is_log for asked in relay.seen))
    if fault is not SLOW:
        until(lambda: proxy.metric("ltrr_spool_bytes") > 0)
        accepted.some()
    relay.heal()
    until(accepted.arrived)
    until(lambda: proxy.metric("ltrr_spool_bytes") == 0)
    assert accepted.arrived(), "once, and still there"


def test_a_cluster_that_is_gone_is_made_up_for(relay: FaultRelay, accepted: Accepted, proxy: Proxy) -> None:
    relay.down()
    session = "gone"
    assert proxy.post([click(session)]).status == 202
    accepted.sessions.append(session)
    assert proxy.metric("ltrr_spool_bytes") > 0
    relay.up()
    until(accepted.arrived)


BLOCKS: dict[str, Settings] = {
    "read-only": {"index.blocks.write": True},
    "flood stage": {"index.blocks.read_only_allow_delete": True},
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_a_blocked_log_is_made_up_for_once_it_is_free(
    relay: FaultRelay, accepted: Accepted, proxy: Proxy, shop: World, block: Settings
) -> None:
    ours = f"{shop.name}_events,{shop.prefix}_decisions-*"
    accepted.some(1)
    until(accepted.arrived)
    shop.client.indices.put_settings(index=ours, body=block)
    try:
        accepted.some()
        until(lambda: proxy.metric("ltrr_spool_bytes") > 0)
        assert not accepted.arrived()
    finally:
        shop.client.indices.put_settings(index=ours, body=dict.fromkeys(block))
    until(accepted.arrived)


def test_a_blocked_index_holds_up_only_its_own_records(
    relay: FaultRelay, accepted: Accepted, proxy: Proxy, shop: World
) -> None:
    shop.client.indices.put_settings(index=f"{shop.name}_events", body=BLOCKS["read-only"])
    try:
        accepted.some()
        until(lambda: all(shop.decisions()[q] for q in accepted.searches))
        assert proxy.metric("ltrr_spool_bytes") > 0
    finally:
        shop.client.indices.put_settings(index=f"{shop.name}_events", body={"index.blocks.write": None})
    until(accepted.arrived)


def test_a_closed_log_is_made_up_for_once_it_is_open(
    relay: FaultRelay, accepted: Accepted, proxy: Proxy, shop: World
) -> None:
    shop.client.indices.close(index=f"{shop.name}_events")
    try:
        accepted.some()
        until(lambda: proxy.metric("ltrr_spool_bytes") > 0)
    finally:
        shop.client.indices.open(index=f"{shop.name}_events")
    until(accepted.arrived)
    until(lambda: proxy.metric("ltrr_spool_bytes") == 0)
    assert accepted.arrived(), "once, and still there"


def test_a_deleted_log_begins_anew(relay: FaultRelay, accepted: Accepted, shop: World) -> None:
    shop.client.indices.delete(index=f"{shop.name}_events,{shop.prefix}_decisions-*")
    accepted.some()
    until(accepted.arrived)
    mapping = shop.client.indices.get_mapping(index=f"{shop.name}_events")[f"{shop.name}_events"]["mappings"]
    assert mapping["properties"]["query_id"]["type"] == "keyword", "made by our template"


def test_what_the_mapping_refuses_is_kept_aside_and_told(
    relay: FaultRelay, accepted: Accepted, proxy: Proxy, shop: World
) -> None:
    odd: Json = click("odd") | {"message_type": "x", "timestamp": "2026-01-31T12:00:00Z"}
    shop.client.indices.put_mapping(
        index=f"{shop.name}_events",
        body={"properties": {"event_attributes": {"properties": {"price": {"type": "long"}}}}},
    )
    odd["event_attributes"]["price"] = "cheap"
    refused = proxy.metric('ltrr_records_total{outcome="refused"')
    posted = proxy.post([odd, click("even")])
    assert posted.status == 202
    assert posted.json["accepted"] == 1
    assert "mapper_parsing_exception" in posted.json["rejected"][0]["reason"]
    assert proxy.metric('ltrr_records_total{outcome="refused"') == refused + 1
    letters = next((proxy.errors.parent / "spool").glob("*/refused.ndjson")).read_text()
    assert '"price":"cheap"' in letters
    until(lambda: shop.events()["even"] == 1)


def test_the_reasons_are_counted_and_logged(relay: FaultRelay, accepted: Accepted, proxy: Proxy) -> None:
    relay.fail(answers(503), lambda asked: asked.is_log)
    before = proxy.metric('ltrr_record_failures_total{reason="status 503"')
    accepted.some(1)
    until(lambda: proxy.metric('ltrr_record_failures_total{reason="status 503"') > before)
    assert "records wait on the disk" in proxy.said
    relay.heal()
    until(accepted.arrived)
    until(lambda: "went from the disk to the cluster" in proxy.said)
