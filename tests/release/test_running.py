from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from ltrr_opensearch.errors import ModelError, Unreachable
from ltrr_opensearch.release.running import RunningReleases
from ltrr_opensearch.release.store import Release, ReleaseStore

AT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Store:
    """Stands in for `ReleaseStore`, with what only a broken cluster does."""

    id: str | None = None
    fault: Exception | None = None
    loads: list[str] = field(default_factory=list)

    def current_id(self, index: str) -> str | None:
        return self.id

    def current(self, index: str) -> Release | None:
        self.loads.append(self.id or "")
        if self.fault:
            raise self.fault
        return Release(self.id, index, AT, {}) if self.id else None


def running(store: Store, build: Callable[[Release], str] = lambda r: f"built {r.id}") -> RunningReleases[str]:
    return RunningReleases(cast(ReleaseStore, store), ["shop"], build, 0.01)


def wait_for(releases: RunningReleases[str], id: str) -> None:
    until = time.monotonic() + 10
    while releases.release_id("shop") != id and time.monotonic() < until:
        time.sleep(0.01)


async def test_it_changes_over_while_it_runs() -> None:
    store = Store()
    releases = running(store)
    await releases.start()
    assert releases.current("shop") is None
    for id in ("r1", "r2"):
        store.id = id
        await asyncio.to_thread(wait_for, releases, id)
        assert releases.current("shop") == f"built {id}"
    await releases.close()
    assert store.loads == ["r1", "r2"]


def test_a_damaged_release_leaves_the_running_one_and_is_tried_once() -> None:
    store = Store("r1")
    releases = running(store)
    releases.refresh()
    store.id, store.fault = "r2", ModelError("damaged")
    releases.refresh()
    releases.refresh()
    assert releases.current("shop") == "built r1"
    assert store.loads == ["r1", "r2"]
    assert releases.errors == {"ModelError": 1}
    store.id, store.fault = "r3", None
    releases.refresh()
    assert releases.current("shop") == "built r3"


def test_a_builder_that_fails_leaves_the_running_one() -> None:
    def build(release: Release) -> str:
        raise ZeroDivisionError

    store = Store("r1")
    releases = running(store, build)
    releases.refresh()
    assert releases.current("shop") is None
    assert releases.errors == {"ZeroDivisionError": 1}


def test_without_a_cluster_it_tries_again() -> None:
    store = Store("r1", Unreachable("gone"))
    releases = running(store)
    releases.refresh()
    store.fault = None
    releases.refresh()
    assert releases.current("shop") == "built r1"
    assert releases.errors == {"Unreachable": 1}


def test_a_mended_release_is_tried_again_when_the_pointer_comes_back() -> None:
    store = Store("r1")
    releases = running(store)
    releases.refresh()
    store.id, store.fault = "r2", ModelError("damaged")
    releases.refresh()
    store.id, store.fault = "r1", None
    releases.refresh()
    store.id = "r2"
    releases.refresh()
    assert releases.current("shop") == "built r2"
