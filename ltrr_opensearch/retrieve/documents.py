"""Reads what a page needs beside the plans: as the caller, under the client's filters, on the same shard copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from ltrr_opensearch.cluster.upstream import Reply
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.retrieve import bodies, page_bodies
from ltrr_opensearch.retrieve.collapse import collapse_field, group_of
from ltrr_opensearch.retrieve.sending import Sender, key_of, reason_of, send_search
from ltrr_opensearch.types import DocKey, Json, SearchRequest

Params = Callable[[SearchRequest, str], dict[str, str]]
"""Which of the URL's parameters a request carries: (search, preference) -> parameters."""


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
        body = bodies.winners_body(self.request, keys, self.hidden)
        hits = await self._hits(body, bodies.winners_params, f"fetching {len(keys)} winners")
        return {key_of(h): h for h in hits}

    async def present(self, keys: Sequence[DocKey]) -> set[DocKey]:
        """Those that are still there, and for this caller."""
        if not keys:
            return set()
        body = page_bodies.present_body(self.request, keys)
        return {key_of(h) for h in await self._hits(body, bodies.plan_params, f"looking for {len(keys)} documents")}

    async def matching(self, keys: Sequence[DocKey]) -> int:
        """How many of these documents the client's own query matches."""
        reply = await self._send(page_bodies.matching_body(self.request, keys), bodies.plan_params)
        if reply.status != 200:
            raise Unreachable(f"counting matches of {len(keys)} documents failed: {reason_of(reply)}")
        return int(orjson.loads(reply.body)["hits"]["total"]["value"])

    async def following(self, settled: Sequence[DocKey], size: int) -> list[DocKey]:
        """The next `size` hits of the client's own query that are not settled yet."""
        if field := collapse_field(self.request):
            return await self._following_groups(settled, size, field)
        body = page_bodies.following_body(self.request, settled, size)
        return [key_of(h) for h in await self._hits(body, bodies.plan_params, f"continuing after {len(settled)} hits")]

    async def _following_groups(self, settled: Sequence[DocKey], size: int, field: str) -> list[DocKey]:
        """The same of a collapsed search: whose value no settled hit has."""
        what = f"continuing after {len(settled)} collapsed hits"
        body = page_bodies.following_body(self.request, (), len(settled) + size)
        hits = await self._hits(body, bodies.plan_params, what)
        shown = page_bodies.groups_body(self.request, settled)
        groups = {group_of(h, field) for h in await self._hits(shown, bodies.plan_params, what)} if settled else set()
        return [key_of(h) for h in hits if group_of(h, field) not in groups][:size]

    async def behind(self, settled: Sequence[DocKey]) -> list[Json]:
        """The client's own hits of a page that lies wholly behind what is settled."""
        if collapse_field(self.request):
            before = self.request.offset - len(settled)
            page = (await self.following(settled, before + self.request.size))[before:]
            found = await self.winners(page)
            return [found[key] for key in page if key in found]
        body = page_bodies.behind_body(self.request, settled, self.hidden)
        return await self._hits(body, bodies.winners_params, f"continuing after {len(settled)} hits")

    async def rest(self, settled: Sequence[DocKey]) -> Reply:
        """The client's own query, without hits: its total, less what is settled, its aggregations and suggestions."""
        return await self._send(page_bodies.rest_body(self.request, settled), bodies.original_params)

    async def _hits(self, body: Json, params: Params, what: str) -> list[Json]:
        reply = await self._send(body, params)
        if reply.status != 200:
            raise Unreachable(f"{what} failed: {reason_of(reply)}")
        hits: list[Json] = orjson.loads(reply.body)["hits"]["hits"]
        return hits

    async def _send(self, body: Json, params: Params) -> Reply:
        return await send_search(self.sender, self.request, body, params(self.request, self.preference))
