"""The cluster's own page: what is answered where our part fails, under the rules, and what its total lacks of ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import orjson

from ltrr_opensearch.answer import compose, totals
from ltrr_opensearch.answer.listing import listing
from ltrr_opensearch.behind import Observer
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.paging.orders import Before, Orders
from ltrr_opensearch.retrieve.fan_out import FanOut, Original, Retrieved
from ltrr_opensearch.retrieve.sending import key_of
from ltrr_opensearch.ruling import Moving
from ltrr_opensearch.serving import Asked
from ltrr_opensearch.types import Answer, DocKey, Json, SearchRequest

ANSWER_HEADER = b"x-ltrr"


class OwnPage:
    def __init__(self, fan_out: FanOut, observer: Observer, orders: Orders) -> None:
        self._fan_out = fan_out
        self._observer = observer
        self._orders = orders

    async def lacking(self, asked: Asked, found: Retrieved, pins: Sequence[DocKey]) -> int:
        """How many hits of the union the client's own query does not match: its total lacks them."""
        page, union = found.original.page, found.keys()
        assert page is not None
        if pins:
            union = tuple(dict.fromkeys([*union, *pins]))
        own = {*map(key_of, page["hits"]["hits"]), *found.keys(original=True)}
        return await self._unmatched(asked, page, own, union)

    async def _unmatched(self, asked: Asked, page: Json, own: Collection[DocKey], union: Sequence[DocKey]) -> int:
        """How many of these documents the client's own query does not match. `own`: some that it does."""
        if asked.serving.index.only_original_matches or not asked.request.size:
            return 0
        unsure = totals.uncertain(page, own, union)
        if not unsure:
            return totals.unmatched(page, own, union)
        try:
            return len(unsure) - await asked.documents(self._fan_out).matching(unsure)
        except Unreachable:
            self._observer.fallback("total")
            return len(unsure)

    async def answer(
        self,
        asked: Asked,
        original: Original,
        own: Mapping[DocKey, Json],
        before: Before,
        moving: Moving | None = None,
    ) -> Answer:
        """The cluster's own page, cut from what was asked of it, under the rules; later pages continue it."""
        assert original.page is not None
        request = asked.request
        if moving and moving.moves:
            return await self._under_rules(asked, original, own, before, moving)
        await self._orders.begin(asked.key, listing((), own, request.query_id), before)
        hits = list(own.values())[: request.size]
        page = original.page | {"hits": original.page["hits"] | {"hits": hits}}
        return Answer(200, original.reply.headers, orjson.dumps(page))

    async def _under_rules(
        self, asked: Asked, original: Original, own: Mapping[DocKey, Json], before: Before, moving: Moving
    ) -> Answer:
        assert original.page is not None
        request = asked.request
        ended = len(own) < request.size or totals.complete(original.page, own)
        order = moving.of_own(own, request.query_id, ended=ended)
        await self._orders.begin(asked.key, order, before)
        pins = {pin.key for pin in moving.moves.pins}
        more = await self._unmatched(asked, original.page, own, [key for key in order.keys if key in pins])
        hits = compose.page_hits(order.keys, 0, request.size, {**moving.brought, **own})
        return respond(request, original, hits, request.query_id, more, original.took_ms, None)


def respond(
    request: SearchRequest,
    original: Original,
    hits: Sequence[Json],
    query_id: str,
    more: int,
    took_ms: float,
    told: Json | None,
) -> Answer:
    """`query_id` is that of the search that settled the order, which events name unless the client named its own."""
    assert original.page is not None
    named = (request.ubi.query_id if request.ubi else None) or query_id
    ext: Json = {"ubi": {"query_id": named}} if request.ubi else {}
    if told is not None:
        ext["ltrr"] = told
    body = compose.response(original.page, request, hits, more, took_ms, ext)
    return Answer(200, (*original.reply.headers, (ANSWER_HEADER, named.encode())), orjson.dumps(body))
