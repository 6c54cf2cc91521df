"""A clock that jumps, injected where time enters: records keep the month of their search, releases their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.learn.read import Window, decision_pages, refresh
from ltrr_opensearch.log.records import index_name, to_document
from ltrr_opensearch.log.ubi import parse_event
from ltrr_opensearch.log.writer import Writer
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.best import lineage
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import ClusterSettings, LogSettings
from tests.faults.world import World, click, until
from tests.learn.synthetic import decision

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JUMPS = [timedelta(), timedelta(days=-40), timedelta(days=400), timedelta(seconds=-1), timedelta(seconds=1)]


@pytest.fixture
def key(client: OpenSearch, shop: World) -> Iterator[str]:
    """Of an index that nobody else has releases or decisions for."""
    yield f"{shop.shop}-{uuid4().hex[:6]}"
    client.indices.delete(
        index=f"{shop.prefix}_decisions-2027.*,{shop.prefix}_decisions-2026.0*", ignore_unavailable=True
    )


async def test_decisions_of_a_jumping_clock_arrive_once_each_in_the_month_of_their_search(
    client: OpenSearch, shop: World, key: str, node: Any, tmp_path: Path
) -> None:
    made = [replace(decision(n, index=key, at=NOW + jump), query_id=f"{key}-{n}") for n, jump in enumerate(JUMPS)]
    writer = Writer(ClusterSettings(url=node.url), LogSettings(spool_dir=str(tmp_path), commit_ms=60_000))
    await writer.start()
    for one in [*made, *made]:
        assert writer.write(index_name(shop.prefix, one.at), one.query_id, to_document(one))
    await writer.close()
    refresh(client, shop.prefix, f"{shop.name}_events")
    pages = decision_pages(client, shop.prefix, key, Window(None, NOW + timedelta(days=500)), 100, Counter())
    assert [d for page in pages for d in page] == sorted(made, key=lambda d: d.at, reverse=True)
    months = {index_name(shop.prefix, one.at)[-7:] for one in made}
    assert months == {"2026.03", "2026.01", "2027.04"}


def test_an_event_is_the_same_whatever_our_clock_says(shop: World) -> None:
    ids = {parse_event(click("same"), NOW + jump).id for jump in JUMPS}
    assert len(ids) == 1


def test_releases_follow_one_another_whatever_the_clock_says(client: OpenSearch, shop: World, key: str) -> None:
    now = NOW
    store = ReleaseStore(client, shop.prefix, lambda: now)
    published = []
    for number, jump in enumerate(JUMPS):
        now = NOW + jump
        payload = f"p{number}".encode()
        digest = sha256(payload).hexdigest()
        part = Part("policy", key, f"v{number}", "test", payload, digest, now)
        published.append(store.publish(key, {"policy": part}))
        current = store.current(key)
        assert current
        assert (current.id, current.parts["policy"].payload) == (published[-1], payload)
    assert [release.id for release in lineage(store.history(key))] == published[::-1]
    now = NOW - timedelta(days=1000)
    assert store.rollback(key) == published[-2]


async def test_the_writer_does_not_wait_by_the_wall_clock(
    client: OpenSearch, shop: World, node: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pauses and its group commit go on while the wall clock stands a year ahead."""
    import time

    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 365 * 86_400)
    writer = Writer(ClusterSettings(url=node.url), LogSettings(spool_dir=str(tmp_path), flush_ms=50))
    await writer.start()
    event = parse_event(click("ahead"), datetime.now(UTC))
    assert await writer.accept(f"{shop.name}_events", [event]) == [""]
    await writer.close()
    until(lambda: shop.events()["ahead"] == 1)
