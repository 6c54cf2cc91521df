"""Which order a page continues: the one that this process is just writing, else what is shared, else its own memory."""

from __future__ import annotations

from ltrr_opensearch.answer.listing import Listing
from ltrr_opensearch.answer.pages import PageMemory
from ltrr_opensearch.paging.shared import SharedPages


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

    async def begin(self, key: str, listing: Listing) -> None:
        """A search began. Written behind its answer, unless its caller just saw another order of it: then a next page
        on another proxy must not meet that one.
        """
        before = self._memory.get(key)
        kept = listing.first(self.most)
        self._memory.put(key, kept)
        if self._shared is None:
            return
        if before is None or before.keys == kept.keys:
            self._shared.put(key, kept)
        else:
            await self._shared.write(key, kept)

    async def extend(self, key: str, listing: Listing) -> None:
        """More of an order is settled; whoever serves the next page must know."""
        kept = listing.first(self.most)
        self._memory.put(key, kept)
        if self._shared is not None:
            await self._shared.write(key, kept)
