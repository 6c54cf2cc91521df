"""The bounded writer of our own records: never blocks a search, loses nothing that it has acknowledged.

Records wait in memory for at most `flush_ms`, go to the cluster in one `_bulk` under our own account, and to the spool
on disk when the cluster cannot take them or the memory fills. The spool is replayed in order once the cluster is back,
after a restart as well. What the cluster will never take is kept aside with the reason and counted, not retried.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

import orjson

from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.log.bulk import Record, Verdict, body, record, verdicts
from ltrr_opensearch.log.spool import Spool
from ltrr_opensearch.log.ubi import UbiEvent
from ltrr_opensearch.settings import ClusterSettings, LogSettings
from ltrr_opensearch.types import Headers, Json

P = ParamSpec("P")
R = TypeVar("R")
BATCH_RECORDS = 500
BATCH_BYTES = 5 * 2**20
BULK_TIMEOUT_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
"""Between attempts at a cluster that does not take records; doubled each time."""
TARGET = "/_bulk?filter_path=items.create.status,items.create.error"


@dataclass(slots=True)
class Counts:
    """What became of the records, since the start."""

    written: int = 0
    spooled: int = 0
    replayed: int = 0
    refused: int = 0
    """Refused by the cluster for good, kept in the spool folder's `refused.ndjson`."""
    dropped: int = 0
    """Found no room, in memory or on disk."""
    damaged: int = 0
    """Unreadable lines of the spool, left out."""
    failed: Counter[str] = field(default_factory=Counter)
    """Attempts that failed, by reason."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    record: Record
    receipt: asyncio.Future[str] | None = None

    def settle(self, reason: str = "") -> None:
        if self.receipt and not self.receipt.done():
            self.receipt.set_result(reason)

    def give_up(self, error: Exception) -> None:
        if self.receipt and not self.receipt.done():
            self.receipt.set_exception(error)


class Writer:
    def __init__(self, cluster: ClusterSettings, log: LogSettings) -> None:
        self.counts = Counts()
        self._log = log
        self._upstream = Upstream(cluster.model_copy(update={"pool_size": 2}))
        self._headers = _headers(cluster)
        self._queue: deque[_Waiting] = deque()
        self._spool: Spool | None = None
        self._disk = asyncio.Lock()
        self._wake, self._full = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._pause_s, self._resume_at = FIRST_PAUSE_S, 0.0

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
        await self._upstream.open()
        self._tasks = [asyncio.create_task(self._send_on()), asyncio.create_task(self._spill_on())]

    async def close(self) -> None:
        """Sends or spools all that waits."""
        self._closing = True
        self._wake.set()
        self._full.set()
        for task in self._tasks:
            await task
        await self._upstream.close()
        if self._spool:
            await self._on_disk(self._spool.close)

    def write(self, index: str, id: str, document: Json) -> bool:
        """Queue a document; false, and counted, where there is no room for it. Never waits."""
        return self._put(_Waiting(record(index, id, document)))

    async def accept(self, index: str, events: Sequence[UbiEvent]) -> list[str]:
        """Keep events for sure: on return each is indexed or on disk (""), or refused by the cluster (the reason).

        Raises `Unreachable` where neither was possible, so that the client sends them again.
        """
        loop = asyncio.get_running_loop()
        waiting = [_Waiting(record(index, e.id, e.document), loop.create_future()) for e in events]
        for one in waiting:
            if not self._put(one):
                one.give_up(_no_room())
        self._wake.set()
        receipts = [one.receipt for one in waiting if one.receipt]
        settled = await asyncio.gather(*receipts, return_exceptions=True)
        for outcome in settled:
            if isinstance(outcome, BaseException):
                raise outcome
        return [str(outcome) for outcome in settled]

    def _put(self, one: _Waiting) -> bool:
        if self._closing or len(self._queue) >= 2 * self._log.queue_records:
            self.counts.dropped += 1
            return False
        self._queue.append(one)
        if len(self._queue) >= BATCH_RECORDS:
            self._wake.set()
        if len(self._queue) >= self._log.queue_records:
            self._full.set()
        return True

    async def _send_on(self) -> None:
        while not (self._closing and not self._queue):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._log.flush_ms / 1000)
            if len(self._queue) < BATCH_RECORDS and not self._closing:
                self._wake.clear()
            if batch := self._take():
                await self._deliver(batch)
            if self._up() and self._spool and not self._spool.empty and not self._closing:
                try:
                    await self._replay(self._spool)
                except OSError as error:
                    self._not_now(type(error).__name__, 0)

    async def _spill_on(self) -> None:
        """Empties a full memory onto the disk while a slow `_bulk` is under way."""
        while not self._closing:
            await self._full.wait()
            self._full.clear()
            while len(self._queue) >= self._log.queue_records:
                await self._keep(self._take())

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._queue and len(batch) < BATCH_RECORDS and size < BATCH_BYTES:
            batch.append(self._queue.popleft())
            size += batch[-1].record.size
        return batch

    async def _deliver(self, batch: Sequence[_Waiting]) -> None:
        if not self._up():
            await self._keep(batch)
            return
        outcomes = await self._send([one.record for one in batch])
        later = [one for one, (verdict, _) in zip(batch, outcomes, strict=True) if verdict is Verdict.RETRY]
        self.counts.written += sum(verdict is Verdict.WRITTEN for verdict, _ in outcomes)
        await self._bury([one.record for one in batch], outcomes)
        await self._keep(later)
        for one, (verdict, reason) in zip(batch, outcomes, strict=True):
            if verdict is not Verdict.RETRY:
                one.settle(reason)

    async def _replay(self, spool: Spool) -> None:
        """Sends the oldest file of the spool; what the cluster still cannot take stays in it."""
        found = await self._on_disk(spool.oldest)
        if found is None:
            return
        path, records, damaged = found
        outcomes: list[tuple[Verdict, str]] = []
        for start in range(0, len(records), BATCH_RECORDS):
            part = records[start : start + BATCH_RECORDS]
            outcomes += await self._send(part) if self._up() else [(Verdict.RETRY, "")] * len(part)
        left = [r for r, (verdict, _) in zip(records, outcomes, strict=True) if verdict is Verdict.RETRY]
        self.counts.damaged += damaged
        self.counts.replayed += sum(verdict is Verdict.WRITTEN for verdict, _ in outcomes)
        await self._bury(records, outcomes)
        if len(left) < len(records) or not records or damaged:
            await self._on_disk(spool.keep, path, left)
        if not left:
            self._wake.set()

    async def _send(self, records: Sequence[Record]) -> list[tuple[Verdict, str]]:
        try:
            sending = self._upstream.send("POST", TARGET, self._headers, body(records))
            reply = await asyncio.wait_for(sending, BULK_TIMEOUT_S)
        except (Unreachable, TimeoutError) as error:
            return self._not_now(type(error).__name__, len(records))
        if reply.status in (400, 413):
            return await self._send_halves(records, f"{reply.status} {reply.body[:200].decode(errors='replace')}")
        if reply.status != 200:
            return self._not_now(f"status {reply.status}", len(records))
        try:
            outcomes = verdicts(orjson.loads(reply.body), len(records))
        except orjson.JSONDecodeError:
            return self._not_now("answer is no JSON", len(records))
        if delayed := [reason for verdict, reason in outcomes if verdict is Verdict.RETRY]:
            self._not_now(delayed[0].partition(":")[0], 1)
        else:
            self._pause_s, self._resume_at = FIRST_PAUSE_S, 0.0
        return outcomes

    async def _send_halves(self, records: Sequence[Record], reason: str) -> list[tuple[Verdict, str]]:
        """A request that is refused whole holds a record that is too large or malformed: halve it to find that one."""
        if len(records) == 1:
            return [(Verdict.REFUSED, reason)]
        middle = len(records) // 2
        return [*await self._send(records[:middle]), *await self._send(records[middle:])]

    def _not_now(self, reason: str, count: int) -> list[tuple[Verdict, str]]:
        self.counts.failed[reason] += 1
        self._resume_at = asyncio.get_running_loop().time() + self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        return [(Verdict.RETRY, reason)] * count

    def _up(self) -> bool:
        return asyncio.get_running_loop().time() >= self._resume_at

    async def _keep(self, batch: Sequence[_Waiting]) -> None:
        if not batch or not self._spool:
            return
        kept = await self._on_disk(self._spool.append, [one.record for one in batch])
        self.counts.spooled += kept
        self.counts.dropped += len(batch) - kept
        for one in batch[:kept]:
            one.settle()
        for one in batch[kept:]:
            one.give_up(_no_room())

    async def _bury(self, records: Sequence[Record], outcomes: Sequence[tuple[Verdict, str]]) -> None:
        pairs = zip(records, outcomes, strict=True)
        refused = [(r, reason) for r, (verdict, reason) in pairs if verdict is Verdict.REFUSED]
        if refused and self._spool:
            self.counts.refused += len(refused)
            self.counts.failed.update(reason.partition(":")[0] for _, reason in refused)
            with suppress(OSError):
                await self._on_disk(self._spool.bury, refused)

    async def _on_disk(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        async with self._disk:
            return await asyncio.to_thread(call, *args, **kwargs)


def _headers(cluster: ClusterSettings) -> Headers:
    kind = ((b"content-type", b"application/x-ndjson"),)
    if not (cluster.username and cluster.password):
        return kind
    account = f"{cluster.username}:{cluster.password.get_secret_value()}"
    return (*kind, (b"authorization", b"Basic " + b64encode(account.encode())))


def _no_room() -> Unreachable:
    return Unreachable(
        "the cluster takes no records and the spool is full; send them again later, or raise log.spool_mb"
    )
