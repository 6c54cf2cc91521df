"""Embeddings of queries while serving: off the event loop, concurrent ones together, the last ones kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.types import Vector


class QueryEncoder:
    """Wraps an `Encoder` for one event loop. `cache_texts` embeddings are kept, least recently used out first.

    While the single worker thread encodes, what arrives waits and goes as one batch when it is free.
    """

    def __init__(self, encoder: Encoder, cache_texts: int) -> None:
        self._encoder = encoder
        self._limit = cache_texts
        self._known: OrderedDict[str, Vector] = OrderedDict()
        self._waiting: dict[str, asyncio.Future[Vector]] = {}
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
        future = self._waiting.get(text)
        if future is None:
            future = self._waiting[text] = asyncio.get_running_loop().create_future()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await asyncio.shield(future)

    def close(self) -> None:
        """Lets the thread go; nothing may be encoded afterwards."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while batch := {t: f for t, f in self._waiting.items() if not f.done()}:
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

    def _keep(self, text: str, vector: Vector) -> None:
        self._known[text] = vector
        while len(self._known) > self._limit:
            self._known.popitem(last=False)
