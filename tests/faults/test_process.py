"""The proxy as a process: killed, told to stop under load, on a full disk. What it accepted is in the cluster."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from pathlib import Path
from threading import Event

from tests.faults.proxy import Proxy, serving
from tests.faults.relay import HANG, SLOW, FaultRelay
from tests.faults.world import World, click, query, until
from tests.proxy.listening import Response


@dataclass
class Load:
    """Clients that search and post events until told to stop, and what they were answered."""

    proxy: Proxy
    shop: World
    name: str
    searches: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    enough: Event = field(default_factory=Event)

    def run(self, clients: int, until_s: float, then: Callable[[], None]) -> None:
        """`then` happens after `until_s` seconds, while the clients go on; they stop when it is over."""
        with ThreadPoolExecutor(clients) as pool:
            working = [pool.submit(self._client, number) for number in range(clients)]
            time.sleep(until_s)
            try:
                then()
            finally:
                self.enough.set()
            for one in working:
                one.result()

    def _client(self, number: int) -> None:
        turn = 0
        while not self.enough.is_set():
            turn += 1
            session = f"{self.name}-{number}-{turn}"
            if self._answered(partial(self.proxy.post, [click(session)]), 202):
                self.events.append(session)
            if found := self._answered(partial(self.proxy.search, self.shop.shop, query()), 200):
                self.searches.append(found.headers["x-ltrr"])

    def _answered(self, ask: Callable[[], Response], wanted: int) -> Response | None:
        try:
            got = ask()
        except (OSError, HTTPException):
            self.unanswered += 1
            time.sleep(0.05)
            return None
        self.statuses[got.status] += 1
        return got if got.status == wanted else None


def arrived(shop: World, events: list[str], searches: list[str]) -> bool:
    found = shop.events() + shop.decisions()
    assert not [id for id, times in found.items() if times > 1], "nothing arrives twice"
    return all(found[id] for id in (*events, *searches))


def on_disk(folder: Path, searches: list[str]) -> bool:
    """Whether the decisions of these searches are in the spool."""
    spooled = b"".join(path.read_bytes().rpartition(b"\n")[0] for path in (folder / "spool").rglob("*.spool"))
    return all(id.encode() in spooled for id in searches)


def test_a_killed_proxy_loses_no_event_and_no_decision_that_was_committed(
    relay: FaultRelay, shop: World, tmp_path: Path
) -> None:
    path = shop.configuration(tmp_path, relay.url)
    relay.fail(HANG, lambda asked: asked.is_log)
    with serving(path) as proxy:
        load = Load(proxy, shop, "killed")

        def kill() -> None:
            until(lambda: load.events and load.searches)
            answered = list(load.searches)
            until(lambda: on_disk(tmp_path, answered))
            proxy.kill()
            load.searches = answered

        load.run(4, 1.0, kill)
    assert load.events
    assert load.searches
    relay.heal()
    with serving(path):
        until(lambda: arrived(shop, load.events, load.searches))


def test_a_proxy_killed_while_all_is_well_loses_no_event(relay: FaultRelay, shop: World, tmp_path: Path) -> None:
    path = shop.configuration(tmp_path, relay.url)
    with serving(path) as proxy:
        load = Load(proxy, shop, "well")
        load.run(4, 1.0, proxy.kill)
    with serving(path):
        until(lambda: arrived(shop, load.events, []))
    assert load.events


def test_a_proxy_told_to_stop_answers_what_it_took_and_leaves_nothing_behind(
    relay: FaultRelay, shop: World, tmp_path: Path
) -> None:
    with serving(shop.configuration(tmp_path, relay.url)) as proxy:
        load = Load(proxy, shop, "stopped")
        ended: list[int] = []
        load.run(4, 1.0, lambda: ended.append(proxy.terminate()))
    assert ended == [0]
    assert load.events
    assert set(load.statuses) == {200, 202}
    assert arrived(shop, load.events, load.searches), "before the process ends"


def test_searches_under_way_are_answered_when_told_to_stop(relay: FaultRelay, shop: World, tmp_path: Path) -> None:
    with serving(shop.configuration(tmp_path, relay.url)) as proxy:
        until(lambda: proxy.ready().status == 200)
        relay.fail(SLOW, lambda asked: asked.is_search)
        relay.seen.clear()
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(proxy.search, shop.shop, query()) for _ in range(8)]
            until(lambda: sum(one.is_search and not one.is_ours for one in relay.seen) == 8)
            assert proxy.terminate() == 0
            answers = [one.result() for one in asked]
    assert [answer.status for answer in answers] == [200] * 8
    assert arrived(shop, [], [answer.headers["x-ltrr"] for answer in answers])


def test_stopping_while_the_log_hangs_leaves_all_on_the_disk(relay: FaultRelay, shop: World, tmp_path: Path) -> None:
    path = shop.configuration(tmp_path, relay.url)
    relay.fail(HANG, lambda asked: asked.is_log)
    with serving(path) as proxy:
        searches = [proxy.search(shop.shop, query()).headers["x-ltrr"] for _ in range(5)]
        assert proxy.terminate() == 0
    relay.heal()
    with serving(path):
        until(lambda: arrived(shop, [], searches))


def test_a_full_spool_refuses_events_and_drops_decisions_but_searches_go_on(
    relay: FaultRelay, shop: World, tmp_path: Path
) -> None:
    path = shop.configuration(tmp_path, relay.url, spool_mb=0.02)
    relay.fail(HANG, lambda asked: asked.is_log)
    kept: list[str] = []
    with serving(path) as proxy:
        for number in range(200):
            session = f"full-{number}"
            answer = proxy.post([click(session)])
            if answer.status != 202:
                break
            kept.append(session)
        assert answer.status == 503
        assert "spool is full" in answer.json["error"]["reason"]
        assert proxy.search(shop.shop, query()).status == 200
        until(lambda: proxy.metric('ltrr_records_total{outcome="dropped"') > 1)
        assert proxy.metric('ltrr_events_total{outcome="not_kept"') >= 1
        assert "no room for records" in proxy.said
        assert kept
        relay.heal()
        until(lambda: arrived(shop, kept, []))
        assert proxy.post([click("room-again")]).status == 202


def limited() -> None:
    """No file may grow beyond this: stands in for a disk that is full for all but small writes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def test_a_full_disk_refuses_what_it_cannot_hold_and_keeps_the_rest(
    relay: FaultRelay, shop: World, tmp_path: Path
) -> None:
    path = shop.configuration(tmp_path, relay.url)
    relay.fail(HANG, lambda asked: asked.is_log)
    with serving(path, before=limited) as proxy:
        assert proxy.post([click("small")]).status == 202
        many = [click(f"many-{number}") for number in range(400)]
        assert proxy.post(many).status == 503
        assert proxy.post([click("small-again")]).status == 202
        assert proxy.search(shop.shop, query()).status == 200
        assert proxy.metric('ltrr_records_total{outcome="dropped"') >= 400
        relay.heal()
        until(lambda: arrived(shop, ["small", "small-again"], []))
        assert proxy.post(many).status == 202, "the client sends them again"
        until(lambda: arrived(shop, [one["session_id"] for one in many], []))
