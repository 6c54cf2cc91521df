"""Remembers the order of a search for a while, so that its next page continues it: nothing twice, nothing lost."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

import orjson

from ltrr_opensearch.answer.listing import Listing, from_document, to_document
from ltrr_opensearch.types import SearchRequest

_IDENTITY = re.compile(
    rb"auth|tenant|cookie|token|user(?!-agent$)|role|group|impersonat|identity|principal|cert|jwt|saml|session|api-?key|"
    rb"account|e-?mail|subject|-dn$"
)
"""Names of headers by which a cluster, or what stands before it, may know a caller. One too many costs a next page its
order; one too few would give it somebody else's.
"""
_OF_A_PAGE = ("from", "size")


def page_key(request: SearchRequest, secret: str) -> str:
    """One search of one caller: who it is to the cluster, index, text, and the body without `from` and `size`.

    Who declines exploration never goes on in an order that explores, which somebody alike may have left behind.
    A keyed hash: without the secret nobody tells who or what is behind it.
    """
    caller = sorted((k.lower(), v) for k, v in request.headers if _IDENTITY.search(k.lower()))
    body = {k: v for k, v in request.body.items() if k not in _OF_A_PAGE}
    params = sorted((k, v) for k, v in request.params if k not in _OF_A_PAGE)
    asker = (request.asker.user, request.asker.session, request.asker.client, request.asker.explore)
    what = orjson.dumps([repr(caller), request.target, request.text, params, body, asker], option=orjson.OPT_SORT_KEYS)
    return blake2b(what, key=blake2b(secret.encode()).digest(), digest_size=16).hexdigest()


class PageMemory:
    """The last `size` orders, each for `seconds`, in this process.

    Kept as bytes: over a million keys as objects Python's garbage collector would stop everything for 0.3 s at times.
    """

    def __init__(self, size: int, seconds: float, clock: Callable[[], float]) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def get(self, key: str) -> Listing | None:
        kept = self._kept.get(key)
        if kept is None or self._clock() - kept[0] > self._seconds:
            return None
        return from_document(orjson.loads(kept[1]))

    def put(self, key: str, listing: Listing) -> None:
        self._kept[key] = (self._clock(), orjson.dumps(to_document(listing)))
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
