"""What serves now: polled in the background, built off the event loop, swapped in one assignment.

A release that is damaged or cannot be built leaves the running one in place, is counted, and is not tried again until
the pointer moves. When the cluster cannot be reached the running one stays as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.release.store import Release, ReleaseStore

T = TypeVar("T")
log = logging.getLogger(__name__)


class RunningReleases(Generic[T]):
    """`build` turns a release into what the engine uses, verifying the parts' checks; it may raise `ModelError`."""

    def __init__(self, store: ReleaseStore, indexes: Sequence[str], build: Callable[[Release], T], poll_s: float):
        self.errors: Counter[str] = Counter()
        """Failed polls by the name of their error."""
        self._store, self._indexes, self._build, self._poll_s = store, tuple(indexes), build, poll_s
        self._running: dict[str, tuple[str, T]] = {}
        self._broken: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    def current(self, index: str) -> T | None:
        """What serves the index, or None before anything was published."""
        found = self._running.get(index)
        return found[1] if found else None

    def release_id(self, index: str) -> str | None:
        found = self._running.get(index)
        return found[0] if found else None

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
                self.errors[type(error).__name__] += 1
                log.warning("release of index %r: %s", index, error)

    def _refresh(self, index: str) -> None:
        id = self._store.current_id(index)
        if id != self._broken.get(index):
            # the pointer has moved since: should it come back, the release may have been mended
            self._broken.pop(index, None)
        if id is None or id in (self.release_id(index), self._broken.get(index)):
            return
        try:
            release = self._store.current(index)
            built = self._build(release) if release else None
        except (ClusterError, OpenSearchException):
            raise
        except Exception:
            self._broken[index] = id
            raise
        if release and built is not None:
            self._running = {**self._running, index: (release.id, built)}
            log.info("index %r is served by release %s", index, release.id)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            await asyncio.to_thread(self.refresh)
