"""The hits of a page, wherever in the order it lies.

Up to `most` hits an order is settled by ids once somebody asks for them, so that neither new nor deleted documents
move what follows; behind that the client's own query goes on, as OpenSearch itself pages. A document that is gone
closes the list up: it leaves the order, and what comes after it moves up by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from ltrr_opensearch.answer import compose
from ltrr_opensearch.answer.listing import Listing
from ltrr_opensearch.cluster.upstream import Reply
from ltrr_opensearch.retrieve.documents import Documents
from ltrr_opensearch.types import DocKey, Json

PAGES_AHEAD = 9
"""Pages whose order is settled together with the first page that needs more: one request for ten pages."""
ROUNDS = 3
"""How often a page is filled up again while documents of it vanish."""


@dataclass(frozen=True, slots=True)
class Page:
    hits: list[Json]
    listing: Listing
    """The order as it is known now."""


@dataclass(frozen=True, slots=True)
class LaterPage:
    """`reply` is the client's own query, `rest` its page without hits or None where that is an error; its total lacks
    `more` hits, those of the settled order.
    """

    reply: Reply
    rest: Json | None
    page: Page
    more: int


async def later(documents: Documents, listing: Listing, most: int) -> LaterPage:
    """A page of an order that was settled before."""
    resting = asyncio.create_task(documents.rest(listing.keys))
    try:
        page = await _behind_or_within(documents, listing, most)
        reply = await resting
    finally:
        resting.cancel()
    rest = orjson.loads(reply.body) if reply.status == 200 else None
    if rest is not None:
        rest.pop("terminated_early", None)  # said of a count that stops at its bound, not of a page with hits
    return LaterPage(reply, rest, page, len({*listing.keys} & {*page.listing.keys}))


async def _behind_or_within(documents: Documents, listing: Listing, most: int) -> Page:
    request = documents.request
    if request.offset >= max(most, len(listing.keys)):
        hits = await documents.behind(listing.keys)
        return Page(compose.scored(hits, request.offset), listing)
    return await within(documents, listing, {}, most)


async def within(
    documents: Documents, listing: Listing, own: Mapping[DocKey, Json], most: int, *, complete: bool = False
) -> Page:
    """A page of the settled order, which is continued as far as needed. `own`: hits at hand in the client's form.

    `complete`: nothing follows what is settled.
    """
    request = documents.request
    offset, end = request.offset, request.offset + request.size
    raws = dict(own)
    for _ in range(ROUNDS):
        if len(listing.keys) < end and not complete:
            wanted = max(end, min(most, end + PAGES_AHEAD * request.size)) - len(listing.keys)
            following = await documents.following(listing.keys, wanted)
            listing, complete = listing.followed_by(following), len(following) < wanted
        raws |= await documents.winners(compose.missing(listing.keys, offset, request.size, raws))
        if not compose.missing(listing.keys, offset, request.size, raws):
            break
        unseen = [key for key in listing.keys[offset:] if key not in raws]
        listing = listing.without(set(unseen) - await documents.present(unseen))
    return Page(compose.page_hits(listing.keys, offset, request.size, raws), listing)
