"""Embeddings of queries while serving: off the event loop, concurrent ones together, the last ones kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.types import Vector


@dataclass(slots=True)
class _Waiting:
    future: asyncio.Future[Vector]
    callers: int = 0


class QueryEncoder:
    """Wraps an `Encoder` for one event loop. `cache_texts` embeddings are kept, least recently used out first.

    While the single worker thread encodes, what arrives waits and goes as one batch when it is free. What nobody waits
    for any more by then is left out: more texts than it can encode would keep it behind for ever.
    """

    def __init__(self, encoder: Encoder, cache_texts: int) -> None:
        self._encoder = encoder
        self._limit = cache_texts
        self._known: OrderedDict[str, Vector] = OrderedDict()
        self._waiting: dict[str, _Waiting] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._worker: asyncio.Task[None] | None = None

    def at_hand(self, text: str) -> Vector | None:
        """The embedding if it is known already."""
        vector = self._known.get(text)
        if vector is not None:
            self._known.move_to_end(text)
        return vector

    async def encode(self, text: str) -> Vector:
        """The embedding, at once or after at most two batches. A cancelled caller does not stop the others."""
        vector = self.at_hand(text)
        if vector is not None:
            return vector
        waiting = self._waiting.get(text)
        if waiting is None:
            waiting = self._waiting[text] = _Waiting(asyncio.get_running_loop().create_future())
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        waiting.callers += 1
        try:
            return await asyncio.shield(waiting.future)
        finally:
            waiting.callers -= 1

    def close(self) -> None:
        """Lets the thread go; nothing may be encoded afterwards."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while batch := self._wanted():
            try:
                rows = await loop.run_in_executor(self._thread, self._encoder.encode, list(batch))
            except Exception as error:  # whatever an encoder raises belongs to those who asked
                for text, future in batch.items():
                    self._waiting.pop(text, None)
                    future.set_exception(error)
            else:
                for (text, future), row in zip(batch.items(), rows, strict=True):
                    self._waiting.pop(text, None)
                    self._keep(text, row)
                    future.set_result(row)

    def _wanted(self) -> dict[str, asyncio.Future[Vector]]:
        self._waiting = {text: waiting for text, waiting in self._waiting.items() if waiting.callers}
        return {text: waiting.future for text, waiting in self._waiting.items()}

    def _keep(self, text: str, vector: Vector) -> None:
        self._known[text] = vector
        while len(self._known) > self._limit:
            self._known.popitem(last=False)
