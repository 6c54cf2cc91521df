"""Which order a page continues: the one that this process is just writing, else what is shared, else its own memory."""

from __future__ import annotations

import asyncio

from ltrr_opensearch.answer.listing import Listing
from ltrr_opensearch.answer.pages import PageMemory
from ltrr_opensearch.paging.shared import SharedPages

Before = asyncio.Task[Listing | None] | None


class Orders:
    """`shared` is None where orders are not shared. `most` hits of an order are kept, and all of its union."""

    def __init__(self, memory: PageMemory, shared: SharedPages | None, most: int) -> None:
        self._memory = memory
        self._shared = shared
        self.most = most

    async def known(self, key: str) -> Listing | None:
        kept = self._memory.get(key)
        if self._shared is None or self._shared.pending(key):
            return kept
        found = await self._shared.read(key, patient=kept is None)
        if found is None:
            return kept
        self._memory.put(key, found)
        return found

    def look(self, key: str) -> Before:
        """Whether this caller began the same search a short while ago: asked while the search itself is under way."""
        if self._shared is None:
            return None
        return asyncio.create_task(self._shared.read(key, patient=False))

    async def begin(self, key: str, listing: Listing, before: Before, *, paged: bool = True) -> None:
        """A search began. Written behind its answer, unless another order of it is there: then a next page on another
        proxy must not meet that one. Where there is no next page (`paged`) nothing is written.
        """
        known = [self._memory.get(key), await before if before else None]
        kept = listing.first(self.most)
        self._memory.put(key, kept)
        if self._shared is None or not (paged or any(known)):
            return
        if all(one is None or one.keys == kept.keys for one in known):
            self._shared.put(key, kept)
        else:
            await self._shared.write(key, kept)

    def adopt(self, key: str, listing: Listing) -> None:
        """An order that nobody knew was settled again; where one turns up after all, that one stays."""
        kept = listing.first(self.most)
        self._memory.put(key, kept)
        if self._shared is not None:
            self._shared.put(key, kept, anew=True)

    async def extend(self, key: str, listing: Listing) -> None:
        """More of an order is settled; whoever serves the next page must know."""
        kept = listing.first(self.most)
        self._memory.put(key, kept)
        if self._shared is not None:
            await self._shared.write(key, kept)
