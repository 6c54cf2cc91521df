"""A slow function of single things, while serving: off the event loop, concurrent ones together, the last ones kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class _Waiting(Generic[V]):
    future: asyncio.Future[V]
    callers: int = 0


class Batched(Generic[K, V]):
    """For one event loop. `keep` results are kept, least recently used out first.

    While the single worker thread works, what arrives waits and goes as one batch when it is free. What nobody waits
    for any more by then is left out: more than it can do would keep it behind for ever.
    """

    def __init__(self, work: Callable[[Sequence[K]], Iterable[V]], keep: int, name: str) -> None:
        self._work = work
        self._limit = keep
        self._known: OrderedDict[K, V] = OrderedDict()
        self._waiting: dict[K, _Waiting[V]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._worker: asyncio.Task[None] | None = None

    def at_hand(self, one: K) -> V | None:
        """The result if it is known already."""
        known = self._known.get(one)
        if known is not None:
            self._known.move_to_end(one)
        return known

    async def get(self, one: K) -> V:
        """The result, at once or after at most two batches. A cancelled caller does not stop the others."""
        known = self.at_hand(one)
        if known is not None:
            return known
        waiting = self._waiting.get(one)
        if waiting is None:
            waiting = self._waiting[one] = _Waiting(asyncio.get_running_loop().create_future())
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._keep_working())
        waiting.callers += 1
        try:
            return await asyncio.shield(waiting.future)
        finally:
            waiting.callers -= 1

    def close(self) -> None:
        """Lets the thread go; nothing may be asked afterwards."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _keep_working(self) -> None:
        loop = asyncio.get_running_loop()
        while batch := self._wanted():
            try:
                results = await loop.run_in_executor(self._thread, self._work, list(batch))
            except Exception as error:  # whatever the function raises belongs to those who asked
                for one, future in batch.items():
                    self._waiting.pop(one, None)
                    future.set_exception(error)
            else:
                for (one, future), result in zip(batch.items(), results, strict=True):
                    self._waiting.pop(one, None)
                    self._keep(one, result)
                    future.set_result(result)

    def _wanted(self) -> dict[K, asyncio.Future[V]]:
        self._waiting = {one: waiting for one, waiting in self._waiting.items() if waiting.callers}
        return {one: waiting.future for one, waiting in self._waiting.items()}

    def _keep(self, one: K, result: V) -> None:
        self._known[one] = result
        while len(self._known) > self._limit:
            self._known.popitem(last=False)
