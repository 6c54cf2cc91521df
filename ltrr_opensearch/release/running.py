"""What serves now: polled in the background, built off the event loop, swapped in one assignment.

Damaged parts give way to their predecessors (`best.py`). A release that cannot be built at all leaves the running one
in place and is not tried again until the pointer moves. While the cluster cannot be reached the running one stays.
Whatever goes wrong is logged, counted, and kept in `faults` for health to show.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.release.best import Loaded, Publications, load
from ltrr_opensearch.release.store import Release

T = TypeVar("T")
log = logging.getLogger(__name__)

Failed = Callable[[str, str], None]
"""(index, what failed): a kind of part, or an error's name where it was no part."""


class Store(Publications, Protocol):
    def current_id(self, index: str) -> str | None: ...


class RunningReleases(Generic[T]):
    """`build` turns a release into what the engine uses; it raises `PartError` for a part that it cannot use."""

    def __init__(
        self,
        store: Store,
        indexes: Sequence[str],
        build: Callable[[Release], T],
        poll_s: float,
        failed: Failed,
    ) -> None:
        self._store, self._indexes, self._build, self._poll_s = store, tuple(indexes), build, poll_s
        self._failed = failed
        self._running: dict[str, Loaded[T]] = {}
        self._broken: dict[str, tuple[str, str]] = {}
        """By index the release that could not be built, and why."""
        self._task: asyncio.Task[None] | None = None

    @property
    def faults(self) -> list[str]:
        """What is wrong with the releases in force, in words."""
        parts = [f"{fault} (not used by release {on.id})" for on in self._running.values() for fault in on.faults]
        return parts + [f"release {id} of index {index!r}: {why}" for index, (id, why) in self._broken.items()]

    def current(self, index: str) -> T | None:
        """What serves the index, or None before anything was published."""
        found = self._running.get(index)
        return found.built if found else None

    def release_id(self, index: str) -> str | None:
        found = self._running.get(index)
        return found.id if found else None

    async def start(self) -> None:
        """Loads what is published, then keeps looking. Without a cluster it starts with nothing."""
        await asyncio.to_thread(self.refresh)
        self._task = asyncio.create_task(self._keep_looking())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def refresh(self) -> None:
        """One poll of every index. Blocking."""
        for index in self._indexes:
            try:
                self._refresh(index)
            except Exception as error:  # whatever a part makes its builder do must not end the polling
                self._failed(index, type(error).__name__)
                log.warning("release of index %r: %s", index, error)

    def _refresh(self, index: str) -> None:
        id = self._store.current_id(index)
        if index in self._broken and self._broken[index][0] != id:
            del self._broken[index]  # the pointer has moved; should it come back, the release may have been mended
        if id is None or id == self.release_id(index) or index in self._broken:
            return
        try:
            loaded = load(self._store, index, self._build)
        except (ClusterError, OpenSearchException):
            raise
        except Exception as error:
            self._broken[index] = id, str(error)
            raise
        if loaded is not None:
            self._running = {**self._running, index: loaded}
            log.info("index %r is served by release %s", index, loaded.id)
            for fault in loaded.faults:
                self._failed(index, fault.kind)
                log.warning("release %s does without a part: %s", loaded.id, fault)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            await asyncio.to_thread(self.refresh)
