"""The bounded writer of our own records: never blocks a search, loses nothing that it has acknowledged.

Records wait in memory for at most `flush_ms`, and go to the cluster in one `_bulk`. What it has not taken `commit_ms`
after it was written goes to the spool on disk, and from there to the cluster once that takes it, after a restart as
well. What the cluster will never take is kept aside with the reason and counted, not retried.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.log.bulk import Outcome, Record, Verdict, record, split
from ltrr_opensearch.log.counts import Counts
from ltrr_opensearch.log.delivery import Delivery
from ltrr_opensearch.log.replay import Replay
from ltrr_opensearch.log.set_up import Gate, Opened
from ltrr_opensearch.log.spool import Spool
from ltrr_opensearch.log.ubi import UbiEvent
from ltrr_opensearch.settings import ClusterSettings, LogSettings
from ltrr_opensearch.types import Json

P = ParamSpec("P")
R = TypeVar("R")
BATCH_RECORDS = 500
BATCH_BYTES = 5 * 2**20

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    record: Record
    since: float
    """When it was written, on the loop's clock."""
    receipt: asyncio.Future[str] | None = None

    def settle(self, reason: str = "") -> None:
        if self.receipt and not self.receipt.done():
            self.receipt.set_result(reason)

    def give_up(self) -> None:
        if self.receipt and not self.receipt.done():
            self.receipt.set_exception(_no_room())


class Writer:
    def __init__(self, cluster: ClusterSettings, log: LogSettings, gate: Gate | None = None) -> None:
        """What `gate` does not take yet goes to the disk."""
        self.counts = Counts()
        self._log = log
        self._delivery = Delivery(cluster, self.counts, gate or Opened())
        self._queue: list[_Waiting] = []
        self._spool: Spool | None = None
        self._replay: Replay | None = None
        self._disk = asyncio.Lock()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._refusing = False
        self._plenty = min(BATCH_RECORDS, log.queue_records)

    @property
    def waiting(self) -> int:
        """Records in memory."""
        return len(self._queue)

    @property
    def spooled_bytes(self) -> int:
        return self._spool.size if self._spool else 0

    async def start(self) -> None:
        """Takes the spool's folder, with what an earlier run left in it, and begins to send."""
        limit = int(self._log.spool_mb * 2**20)
        self._spool = await asyncio.to_thread(Spool, Path(self._log.spool_dir), limit)
        await self._delivery.open()
        self._replay = Replay(self._spool, self._delivery, self.counts, self._on_disk, self._log.commit_ms / 1000)
        self._tasks = [asyncio.create_task(self._send_on()), asyncio.create_task(self._replay.run())]

    async def close(self) -> None:
        """Sends or spools all that waits."""
        self._closing = True
        self._wake.set()
        if self._replay:
            self._replay.stop()
        for task in self._tasks:
            await task
        await self._delivery.close()
        if self._spool:
            await self._on_disk(self._spool.close)

    def write(self, index: str, id: str, document: Json) -> bool:
        """Queue a document; false, and counted, where there is no room for it. Never waits."""
        return self._put(_Waiting(record(index, id, document), asyncio.get_running_loop().time()))

    async def accept(self, index: str, events: Sequence[UbiEvent]) -> list[str]:
        """Keep events for sure: on return each is indexed or on disk (""), or refused by the cluster (the reason).

        Raises `Unreachable` where neither was possible, so that the client sends them again.
        """
        answers: list[str] = []
        for start in range(0, len(events), BATCH_RECORDS):  # a long post fills no queue
            answers += await self._accepted(index, events[start : start + BATCH_RECORDS])
        return answers

    async def _accepted(self, index: str, events: Sequence[UbiEvent]) -> list[str]:
        loop = asyncio.get_running_loop()
        waiting = [_Waiting(record(index, e.id, e.document), loop.time(), loop.create_future()) for e in events]
        for one in waiting:
            if not self._put(one):
                one.give_up()
        self._wake.set()
        receipts = [one.receipt for one in waiting if one.receipt]
        settled = await asyncio.gather(*receipts, return_exceptions=True)
        for outcome in settled:
            if isinstance(outcome, BaseException):
                raise outcome
        return [str(outcome) for outcome in settled]

    def _put(self, one: _Waiting) -> bool:
        if self._closing or len(self._queue) >= self._log.queue_records:
            self.counts.dropped += 1
            return False
        self._queue.append(one)
        if len(self._queue) >= self._plenty:
            self._wake.set()
        return True

    async def _send_on(self) -> None:
        while not (self._closing and not self._queue):
            if len(self._queue) < self._plenty and not self._closing:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._log.flush_ms / 1000)
            self._wake.clear()
            if batch := self._take():
                try:
                    await self._deliver(batch)
                except Exception as error:  # whatever it is, these records and all later ones must go somewhere
                    _log.exception("sending %d records failed; they go to the disk", len(batch))
                    self.counts.failed[type(error).__name__] += 1
                    await self._spill(batch)

    def _take(self) -> list[_Waiting]:
        count, size = 0, 0
        while count < min(len(self._queue), BATCH_RECORDS) and size < BATCH_BYTES:
            size += self._queue[count].record.size
            count += 1
        batch, self._queue = self._queue[:count], self._queue[count:]
        return batch

    async def _deliver(self, batch: list[_Waiting]) -> None:
        """To the cluster, in time; else onto the disk; where that is full, to the cluster in double the time."""
        assert self._replay
        taken, later = split(batch, lambda one: self._delivery.takes(one.record))
        await self._spill(later)
        if self._replay.behind:
            taken = await self._keep(taken)
        if not taken:
            return
        sending = asyncio.create_task(self._delivery.send([one.record for one in taken]))
        commit_s = self._log.commit_ms / 1000
        left_s = commit_s - (asyncio.get_running_loop().time() - taken[0].since)
        unkept = taken
        if not await _finished(sending, max(left_s, 0.0)):
            self._replay.behind = True
            unkept = await self._keep(taken)
        if unkept and not await _finished(sending, commit_s):
            self._delivery.gave_up()
            self._lose(unkept)
        elif unkept:
            await self._settle(taken, await sending, unkept)
        sending.cancel()  # what did arrive meets its twin later

    async def _settle(self, sent: Sequence[_Waiting], found: Sequence[Outcome], unkept: Sequence[_Waiting]) -> None:
        """`unkept` of those sent are not on the disk already."""
        of = {id(one): outcome for one, outcome in zip(sent, found, strict=True)}
        pairs = [(one, of[id(one)]) for one in unkept]
        await self._bury([(one.record, outcome) for one, outcome in pairs])
        for one, outcome in pairs:
            if outcome.verdict is not Verdict.RETRY:
                self.counts.written += outcome.verdict is Verdict.WRITTEN
                self.counts.twins += outcome.twin
                one.settle(outcome.reason)
        await self._spill([one for one, outcome in pairs if outcome.verdict is Verdict.RETRY])

    async def _spill(self, batch: list[_Waiting]) -> None:
        """Onto the disk; what finds no room there is lost, counted, and not acknowledged."""
        lost = await self._keep(batch)
        self._refusing &= bool(lost) or not batch
        self._lose(lost)

    def _lose(self, lost: Sequence[_Waiting]) -> None:
        self.counts.dropped += len(lost)
        for one in lost:
            one.give_up()
        if lost and not self._refusing:
            _log.error("no room for records in %s: they are dropped until there is", self._log.spool_dir)
            self._refusing = True

    async def _keep(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Onto the disk; returns those that found no room."""
        if not batch or not self._spool or not self._replay:
            return batch
        if self._spool.empty:
            _log.warning("records wait on the disk; so far failed: %s", dict(self.counts.failed) or "a slow cluster")
        kept = await self._on_disk(self._spool.append, [one.record for one in batch])
        self.counts.spooled += kept
        for one in batch[:kept]:
            one.settle()
        self._replay.kept([one.record for one in batch[:kept]])
        return batch[kept:]

    async def _bury(self, found: Sequence[tuple[Record, Outcome]]) -> None:
        assert self._replay
        await self._replay.bury(found)

    async def _on_disk(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        async with self._disk:
            return await asyncio.to_thread(call, *args, **kwargs)


async def _finished(task: asyncio.Task[R], within_s: float) -> bool:
    return bool((await asyncio.wait([task], timeout=within_s))[0])


def _no_room() -> Unreachable:
    return Unreachable(
        "the cluster takes no records and the spool is full; send them again later, or raise log.spool_mb"
    )
