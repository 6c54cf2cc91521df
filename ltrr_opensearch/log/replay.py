"""From the disk to the cluster, file by file, whenever something on the disk may be taken again.

A blocked index holds up only its own records: those of others pass it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from ltrr_opensearch.log.bulk import Outcome, Record, Verdict, split
from ltrr_opensearch.log.counts import Counts
from ltrr_opensearch.log.delivery import Delivery
from ltrr_opensearch.log.pauses import LONGEST_S
from ltrr_opensearch.log.spool import Spool

R = TypeVar("R")
AT_ONCE = 500
"""Records of one `_bulk`."""
LOOK_S = 0.1
"""Between two looks at whether there is something to do."""

_log = logging.getLogger(__name__)


class OnDisk(Protocol):
    """Runs a blocking call off the event loop, one at a time."""

    def __call__(self, call: Callable[..., R], *args: object) -> Awaitable[R]: ...


class Replay:
    """`behind` says that the cluster is slow: new records go to the disk first, and reach it from there."""

    def __init__(self, spool: Spool, delivery: Delivery, counts: Counts, on_disk: OnDisk, commit_s: float) -> None:
        self.behind = False
        self._spool = spool
        self._delivery = delivery
        self._counts = counts
        self._on_disk = on_disk
        self._commit_s = commit_s
        self._fresh = True
        """Whether the disk may hold records that nobody has refused yet."""
        self._again_at = 0.0
        self._damaged: set[Path] = set()
        self._stopping = asyncio.Event()

    def kept(self, records: Sequence[Record]) -> None:
        """Records were put on the disk."""
        if not all(self._delivery.blocked(record) for record in records):
            self._fresh = True

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_S)
            if not self._spool.empty and self._delivery.up and self._due():
                try:
                    await self._round()
                except OSError as error:
                    self._counts.failed[type(error).__name__] += 1
                    _log.warning("the spool cannot be read or written: %s", error)
                    self._later()

    def _due(self) -> bool:
        return self._fresh or asyncio.get_running_loop().time() >= self._again_at

    def _later(self) -> None:
        self._fresh, self._again_at = False, asyncio.get_running_loop().time() + LONGEST_S

    async def _round(self) -> None:
        """Every file once, until the cluster as a whole takes no more."""
        self._later()
        before = self._counts.replayed
        for path in await self._on_disk(self._spool.files):
            await self._file(path)
            if self._stopping.is_set() or not self._delivery.up:
                self._fresh = True
                break
        if (sent := self._counts.replayed - before) and self._spool.empty:
            _log.info("%d records went from the disk to the cluster; nothing waits there", sent)

    async def _file(self, path: Path) -> None:
        records, damaged = await self._on_disk(self._spool.read, path)
        left: list[Record] = []
        for start in range(0, len(records), AT_ONCE):
            left += await self._part(records[start : start + AT_ONCE])
        if damaged and path not in self._damaged:
            self._damaged.add(path)
            self._counts.damaged += damaged
            _log.error("%s: %d damaged records are left out", path, damaged)
        if len(left) < len(records) or not records:
            await self._on_disk(self._spool.keep, path, left)

    async def _part(self, records: Sequence[Record]) -> list[Record]:
        """Sends what may be taken; returns what stays."""
        taken, left = split(records, self._delivery.takes)
        if not taken or self._stopping.is_set():
            return list(records)
        started = asyncio.get_running_loop().time()
        found = list(zip(taken, await self._delivery.send(taken), strict=True))
        self.behind = asyncio.get_running_loop().time() - started > self._commit_s / 2
        await self.bury(found)
        self._counts.replayed += sum(outcome.verdict is Verdict.WRITTEN for _, outcome in found)
        self._counts.twins += sum(outcome.twin for _, outcome in found)
        return left + [r for r, outcome in found if outcome.verdict is Verdict.RETRY]

    async def bury(self, found: Sequence[tuple[Record, Outcome]]) -> None:
        """Keeps aside what the cluster will never take."""
        refused = [(r, outcome.reason) for r, outcome in found if outcome.verdict is Verdict.REFUSED]
        if not refused:
            return
        self._counts.refused += len(refused)
        _log.error("the cluster refused %d records for good, the first: %s", len(refused), refused[0][1])
        with suppress(OSError):
            await self._on_disk(self._spool.bury, refused)
