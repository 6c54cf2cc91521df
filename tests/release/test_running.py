from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ltrr_opensearch.errors import PartError, Unreachable
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.running import RunningReleases
from ltrr_opensearch.release.store import Published, Release

AT = datetime(2026, 3, 1, tzinfo=UTC)
NO_PARTS: dict[str, str] = {}


@dataclass
class Store:
    """Stands in for `ReleaseStore`, with what only a broken cluster does."""

    id: str | None = None
    fault: Exception | None = None
    loads: list[str] = field(default_factory=list)

    def current_id(self, index: str) -> str | None:
        return self.id

    def history(self, index: str) -> list[Published]:
        self.loads.append(self.id or "")
        if self.fault:
            raise self.fault
        return [Published(self.id, AT, "", None, NO_PARTS, True)] if self.id else []

    def part(self, index: str, kind: str, version: str) -> Part:
        raise AssertionError("the releases here have no parts")


def running(
    store: Store, build: Callable[[Release], str] = lambda r: f"built {r.id}"
) -> tuple[RunningReleases[str], Counter[str]]:
    errors: Counter[str] = Counter()
    failed = lambda index, what: errors.update([what])  # noqa: E731 one line says it
    return RunningReleases(store, ["shop"], build, 0.01, failed), errors


def wait_for(releases: RunningReleases[str], id: str) -> None:
    until = time.monotonic() + 10
    while releases.release_id("shop") != id and time.monotonic() < until:
        time.sleep(0.01)


async def test_it_changes_over_while_it_runs() -> None:
    store = Store()
    releases, errors = running(store)
    await releases.start()
    assert releases.current("shop") is None
    for id in ("r1", "r2"):
        store.id = id
        await asyncio.to_thread(wait_for, releases, id)
        assert releases.current("shop") == f"built {id}"
    await releases.close()
    assert store.loads == ["r1", "r2"]
    assert not errors


def broken_at(id: str) -> Callable[[Release], str]:
    def build(release: Release) -> str:
        if release.id == id:
            raise ZeroDivisionError("of nobody's fault")
        return f"built {release.id}"

    return build


def test_a_release_that_cannot_be_built_leaves_the_running_one_and_is_tried_once() -> None:
    store = Store("r1")
    releases, errors = running(store, broken_at("r2"))
    releases.refresh()
    store.id = "r2"
    releases.refresh()
    releases.refresh()
    assert releases.current("shop") == "built r1"
    assert store.loads == ["r1", "r2"]
    assert errors == {"ZeroDivisionError": 1}
    assert releases.faults == ["release r2 of index 'shop': of nobody's fault"]
    store.id = "r3"
    releases.refresh()
    assert releases.current("shop") == "built r3"
    assert releases.faults == []


def test_a_fault_of_a_part_that_the_release_does_not_have_is_the_builders() -> None:
    def build(release: Release) -> str:
        raise PartError("ranker", "v1", "shop", "is not there", "look for it")

    releases, errors = running(Store("r1"), build)
    releases.refresh()
    assert releases.current("shop") is None
    assert errors == {"PartError": 1}


def test_without_a_cluster_it_tries_again() -> None:
    store = Store("r1", Unreachable("gone"))
    releases, errors = running(store)
    releases.refresh()
    assert releases.faults == [], "the cluster is away; the release is not at fault"
    store.fault = None
    releases.refresh()
    assert releases.current("shop") == "built r1"
    assert errors == {"Unreachable": 1}


def test_a_mended_release_is_tried_again_when_the_pointer_comes_back() -> None:
    store = Store("r1")
    broken = {"r2"}

    def build(release: Release) -> str:
        if release.id in broken:
            raise ZeroDivisionError
        return f"built {release.id}"

    releases, _ = running(store, build)
    releases.refresh()
    store.id = "r2"
    releases.refresh()
    store.id = "r1"
    releases.refresh()
    broken.clear()
    store.id = "r2"
    releases.refresh()
    assert releases.current("shop") == "built r2"
