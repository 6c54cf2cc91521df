"""What all searches made for one search share: how they are sent, and how their answers are read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlencode

import orjson

from ltrr_opensearch.cluster.upstream import Reply
from ltrr_opensearch.retrieve.bodies import search_path
from ltrr_opensearch.types import DocKey, Headers, Json, SearchRequest

JSON_TYPE = (b"content-type", b"application/json")


class Sender(Protocol):
    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply: ...


async def send_search(sender: Sender, request: SearchRequest, body: Json, params: Mapping[str, str]) -> Reply:
    """A `_search` as the caller."""
    target = f"{search_path(request)}?{_query_string(tuple(params.items()))}"
    return await sender.send("POST", target, (*request.headers, JSON_TYPE), orjson.dumps(body))


@lru_cache(maxsize=1024)
def _query_string(params: tuple[tuple[str, str], ...]) -> str:
    """The plans of a search have the same parameters."""
    return urlencode(params)


def key_of(hit: Json) -> DocKey:
    return DocKey(hit["_index"], hit["_id"], hit.get("_routing"))


def reason_of(reply: Reply) -> str:
    try:
        error = orjson.loads(reply.body)["error"]
        return f"{reply.status} {error['type']}: {error['reason']}"
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return f"{reply.status} {reply.body[:200]!r}"
