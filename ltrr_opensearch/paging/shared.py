"""The orders of searches in an index of our own, so that any proxy continues what another began.

Written behind the answer, all that waits in one `_bulk` as soon as the one before is through; read by a realtime GET,
which needs no refresh. What a process wrote it deletes again once it has expired, unless somebody wrote it anew.
Nothing here is kept at any price: without it the draw is repeated from its seed.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

from ltrr_opensearch.answer.listing import Listing, from_document, to_document
from ltrr_opensearch.errors import DataError, Unreachable
from ltrr_opensearch.retrieve.sending import Sender
from ltrr_opensearch.types import Headers, Json

NDJSON = (b"content-type", b"application/x-ndjson")
MOST_WAITING = 2_000
MOST_KNOWN = 100_000
"""Written orders that a process remembers to delete; `ltrr sync` deletes what is beyond."""
DELETED_AT_ONCE = 500
TIDY_S = 30.0
PAUSE_S = 1.0
"""After a failed write or a late answer nothing is written or read for so long: nobody waits for a cluster that is
not well."""
WRITE_S, READ_S = 0.25, 0.1
"""Longest waits of an answer for an order to be written, and to be read."""
BULK_S = 5.0
"""Longest that one write may take: then it is given up, for what waits behind it and for whoever stops us."""
PATIENCE_S = (0.01, 0.02, 0.04, 0.08)
"""Pauses before an order is asked for again that is not there: it may be on its way from another proxy."""


@dataclass(frozen=True, slots=True)
class _Written:
    expires: float
    key: str
    seq_no: int
    term: int


@dataclass(slots=True)
class _Waiting:
    listing: Listing
    anew: bool
    """Whether it was settled for want of one that was there: then one that is there stays."""
    through: list[asyncio.Future[None]] = field(default_factory=list)


class SharedPages:
    """`failed` is told the reason of what could not be written or read; before set-up nothing is.

    Times are seconds since 1970.
    """

    def __init__(
        self,
        sender: Sender,
        account: Headers,
        index: str,
        seconds: float,
        failed: Callable[[str], None],
        clock: Callable[[], float] = time.time,
        is_set_up: Callable[[], bool] = lambda: True,
    ) -> None:
        self._sender = sender
        self._account = account
        self._index = index
        self._seconds = seconds
        self._failed = failed
        self._is_set_up = is_set_up
        self._clock = clock
        self._waiting: dict[str, _Waiting] = {}
        self._under_way: dict[str, _Waiting] = {}
        self._written: deque[_Written] = deque(maxlen=MOST_KNOWN)
        self._wake = asyncio.Event()
        self._quiet_until = 0.0
        self._closing = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Writes while it runs, and at its end what still waits."""
        writing = asyncio.create_task(self._write_on())
        try:
            yield
        finally:
            self._closing = True
            self._wake.set()
            await writing

    def pending(self, key: str) -> bool:
        """Whether an order waits to be written by this process, so that nobody else's is newer."""
        return key in self._waiting or key in self._under_way

    def put(self, key: str, listing: Listing, *, anew: bool = False) -> asyncio.Future[None]:
        """Queues an order, in place of one that waits; the future is done when it was written or given up."""
        done = asyncio.get_running_loop().create_future()
        if not self._is_set_up():  # a write would make the index, with guessed mappings
            done.set_result(None)
            return done
        if len(self._waiting) >= MOST_WAITING or self._clock() < self._quiet_until:
            self._failed("pages_full")
            done.set_result(None)
            return done
        before = self._waiting.get(key)
        self._waiting[key] = _Waiting(listing, anew, [*(before.through if before else ()), done])
        self._wake.set()
        return done

    async def write(self, key: str, listing: Listing) -> None:
        """Returns once other proxies can read the order, or after the longest wait."""
        done = self.put(key, listing)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(done), WRITE_S)

    async def read(self, key: str, *, patient: bool) -> Listing | None:
        """The order that some proxy wrote last. `patient`: it may be on its way."""
        if self._clock() < self._quiet_until or not self._is_set_up():
            return None
        answered = False
        for pause in (0.0, *(PATIENCE_S if patient else ())):
            await asyncio.sleep(pause)
            try:
                found = await asyncio.wait_for(self._get(key), READ_S)
            except Unreachable:
                continue
            except TimeoutError:
                self._quiet_until = self._clock() + PAUSE_S
                break
            except (DataError, ValueError, KeyError):
                break
            if found is not None:
                return found
            answered = True
        if not answered:
            self._failed("pages_read")
        return None

    async def _get(self, key: str) -> Listing | None:
        reply = await self._sender.send("GET", f"/{self._index}/_doc/{key}", self._account)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        if reply.status != HTTPStatus.OK:
            raise Unreachable(f"reading an order from {self._index} failed: {reply.status}")
        source: Json = orjson.loads(reply.body)["_source"]
        alive = self._clock() * 1000 - source.get("at", 0) <= self._seconds * 1000
        return from_document(source) if alive else None

    async def _write_on(self) -> None:
        while not self._closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), TIDY_S)
            self._wake.clear()
            if self._waiting or self._expired():
                await self._send(self._take())

    def _take(self) -> dict[str, _Waiting]:
        self._under_way, self._waiting = self._waiting, {}
        return self._under_way

    def _expired(self) -> bool:
        return bool(self._written) and self._written[0].expires < self._clock()

    async def _send(self, batch: dict[str, _Waiting]) -> None:
        expired = [self._written.popleft() for _ in range(DELETED_AT_ONCE) if self._expired()]
        lines = [part for key, one in batch.items() for part in self._lines(key, one)]
        lines += [_delete_line(one) for one in expired]
        sending = self._sender.send("POST", f"/{self._index}/_bulk", (*self._account, NDJSON), b"".join(lines))
        try:
            reply = await asyncio.wait_for(sending, BULK_S)
            if reply.status != HTTPStatus.OK:
                raise Unreachable(f"writing orders to {self._index} failed: {reply.status}")
            items = orjson.loads(reply.body)["items"]
            self._remember([next(iter(item.values())) for item in items[: len(batch)]])
        except (Unreachable, TimeoutError, LookupError, TypeError, ValueError):
            self._failed("pages_write")
            self._quiet_until = self._clock() + PAUSE_S
        finally:
            self._under_way = {}
            for one in batch.values():
                _settle(one)

    def _lines(self, key: str, one: _Waiting) -> list[bytes]:
        document = to_document(one.listing) | {"at": int(self._clock() * 1000)}
        action = {"create" if one.anew else "index": {"_id": key}}
        return [orjson.dumps(action), b"\n", orjson.dumps(document), b"\n"]

    def _remember(self, items: list[Any]) -> None:
        expires = self._clock() + self._seconds
        for item in items:
            if item["status"] < HTTPStatus.MULTIPLE_CHOICES:
                self._written.append(_Written(expires, item["_id"], item["_seq_no"], item["_primary_term"]))
            elif item["status"] != HTTPStatus.CONFLICT:
                self._failed("pages_write")


def _delete_line(one: _Written) -> bytes:
    exactly = {"_id": one.key, "if_seq_no": one.seq_no, "if_primary_term": one.term}
    return orjson.dumps({"delete": exactly}) + b"\n"


def _settle(one: _Waiting) -> None:
    for done in one.through:
        if not done.done():
            done.set_result(None)
