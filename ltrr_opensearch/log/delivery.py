"""Records to the cluster in one `_bulk`, under our own account: what became of each, and who takes none for now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

import orjson

from ltrr_opensearch.cluster.headers import own_account
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.log.bulk import Outcome, Record, Verdict, body, outcomes
from ltrr_opensearch.log.counts import Counts
from ltrr_opensearch.log.pauses import CLUSTER, Pauses
from ltrr_opensearch.log.set_up import Gate
from ltrr_opensearch.settings import ClusterSettings

BULK_TIMEOUT_S = 10.0
NOT_SET_UP = "not set up"
_NDJSON = (b"content-type", b"application/x-ndjson")
TARGET = "/_bulk?filter_path=items.create.status,items.create.error"


class Delivery:
    def __init__(self, cluster: ClusterSettings, counts: Counts, gate: Gate) -> None:
        self._upstream = Upstream(cluster.model_copy(update={"pool_size": 2}))
        self._headers = (_NDJSON, *own_account(cluster))
        self._pauses = Pauses()
        self._counts = counts
        self._gate = gate

    async def open(self) -> None:
        await self._upstream.open()

    async def close(self) -> None:
        await self._upstream.close()

    @property
    def up(self) -> bool:
        """Whether the cluster as a whole may be asked."""
        return self._gate.open and self._pauses.ready(CLUSTER, _now())

    def takes(self, record: Record) -> bool:
        if not self._gate.takes(record.index):
            self._counts.failed[NOT_SET_UP] += 1
            return False
        return self.up and self._pauses.ready(record.index, _now())

    def blocked(self, record: Record) -> bool:
        """Whether its index was not set up, or refused the last records that it was sent."""
        return not self._gate.takes(record.index) or self._pauses.knows(record.index)

    async def send(self, records: Sequence[Record]) -> list[Outcome]:
        """What became of each record, within `BULK_TIMEOUT_S`."""
        try:
            sending = self._upstream.send("POST", TARGET, self._headers, body(records))
            reply = await asyncio.wait_for(sending, BULK_TIMEOUT_S)
        except (Unreachable, TimeoutError) as error:
            return self._not_now(type(error).__name__, records)
        if reply.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
            return await self._in_halves(records, f"{reply.status} {reply.body[:200].decode(errors='replace')}")
        if reply.status != HTTPStatus.OK:
            return self._not_now(f"status {reply.status}", records)
        try:
            found = outcomes(orjson.loads(reply.body), len(records))
        except (ValueError, TypeError, AttributeError):
            return self._not_now("an answer that is none to _bulk", records)
        self._pauses.succeeded(CLUSTER)
        self._note(records, found)
        return found

    async def _in_halves(self, records: Sequence[Record], reason: str) -> list[Outcome]:
        """A request that is refused whole holds a record that is too large or malformed: halve it to find that one."""
        if len(records) == 1:
            self._counts.failed[reason.partition(" ")[0]] += 1
            return [Outcome(Verdict.REFUSED, reason)]
        middle = len(records) // 2
        return [*await self.send(records[:middle]), *await self.send(records[middle:])]

    def _note(self, records: Sequence[Record], found: Sequence[Outcome]) -> None:
        """Which indexes took records and which did not."""
        indexes = [record.index for record in records]
        blocked = {index for index, one in zip(indexes, found, strict=True) if one.verdict is Verdict.RETRY}
        for index in set(indexes) - blocked:
            self._pauses.succeeded(index)
        for index in blocked:
            self._pauses.failed(index, _now())
        self._counts.failed.update(one.kind for one in found if one.reason)

    def gave_up(self) -> None:
        """What was being sent took too long for somebody who cannot keep it meanwhile."""
        self._not_now("too slow to wait for", ())

    def _not_now(self, reason: str, records: Sequence[Record]) -> list[Outcome]:
        self._counts.failed[reason] += 1
        self._pauses.failed(CLUSTER, _now())
        return [Outcome(Verdict.RETRY, reason)] * len(records)


def _now() -> float:
    """Of the loop's clock, which does not jump."""
    return asyncio.get_running_loop().time()
