"""Reads what a page needs beside the plans: as the caller, under the client's filters, on the same shard copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from ltrr_opensearch.cluster.upstream import Reply
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.retrieve import bodies, page_bodies
from ltrr_opensearch.retrieve.sending import Sender, key_of, reason_of, send_search
from ltrr_opensearch.types import DocKey, Json, SearchRequest


@dataclass(frozen=True, slots=True)
class Documents:
    """The reading of one search. `hidden` are fields that we added to the documents."""

    sender: Sender
    request: SearchRequest
    hidden: Sequence[str]
    preference: str

    async def winners(self, keys: Sequence[DocKey]) -> dict[DocKey, Json]:
        """Documents in the client's form; one that is gone, or not for this caller, is not in the answer."""
        if not keys:
            return {}
        body = bodies.winners_body(self.request, [k.id for k in keys], self.hidden)
        return {key_of(h): h for h in await self._thin(body, f"fetching {len(keys)} winners")}

    async def present(self, keys: Sequence[DocKey]) -> set[DocKey]:
        """Those that are still there, and for this caller."""
        if not keys:
            return set()
        body = page_bodies.present_body(self.request, keys)
        return {key_of(h) for h in await self._thin(body, f"looking for {len(keys)} documents")}

    async def matching(self, keys: Sequence[DocKey]) -> int:
        """How many of these documents the client's own query matches."""
        reply = await self._send(page_bodies.matching_body(self.request, keys), whole=False)
        if reply.status != 200:
            raise Unreachable(f"counting matches of {len(keys)} documents failed: {reason_of(reply)}")
        return int(orjson.loads(reply.body)["hits"]["total"]["value"])

    async def following(self, settled: Sequence[DocKey], size: int) -> list[DocKey]:
        """The next `size` hits of the client's own query that are not settled yet."""
        body = page_bodies.following_body(self.request, settled, size)
        return [key_of(h) for h in await self._thin(body, f"continuing after {len(settled)} hits")]

    async def behind(self, settled: Sequence[DocKey]) -> list[Json]:
        """The client's own hits of a page that lies wholly behind what is settled."""
        body = page_bodies.behind_body(self.request, settled, self.hidden)
        return await self._thin(body, f"continuing after {len(settled)} hits")

    async def rest(self, settled: Sequence[DocKey]) -> Reply:
        """The client's own query, without hits: its total, less what is settled, its aggregations and suggestions."""
        return await self._send(page_bodies.rest_body(self.request, settled), whole=True)

    async def _thin(self, body: Json, what: str) -> list[Json]:
        reply = await self._send(body, whole=False)
        if reply.status != 200:
            raise Unreachable(f"{what} failed: {reason_of(reply)}")
        hits: list[Json] = orjson.loads(reply.body)["hits"]["hits"]
        return hits

    async def _send(self, body: Json, *, whole: bool) -> Reply:
        params = (bodies.original_params if whole else bodies.plan_params)(self.request, self.preference)
        return await send_search(self.sender, self.request, body, params)
