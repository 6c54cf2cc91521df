"""What events name documents by, where that is a field of theirs and not `_id`: read for whoever may see them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import orjson

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.retrieve import bodies
from ltrr_opensearch.retrieve.sending import Sender, key_of, reason_of, send_search
from ltrr_opensearch.types import DocKey, Json, SearchRequest


async def object_ids(
    sender: Sender, request: SearchRequest, keys: Sequence[DocKey], field: str, preference: str, deadline_s: float
) -> dict[DocKey, str]:
    """By document; one that lacks the field, is gone, or is not for this caller, is not in the answer.

    From doc values, since the client may have left the field out of the `_source` that it asked for.
    """
    if not keys:
        return {}
    body = bodies.features_body(request, keys) | {"docvalue_fields": [field]}
    sent = send_search(sender, request, body, bodies.plan_params(request, preference))
    try:
        reply = await asyncio.wait_for(sent, deadline_s)
    except TimeoutError as late:
        raise Unreachable(f"reading {field} of {len(keys)} documents took over {deadline_s:g} s") from late
    if reply.status != 200:
        raise Unreachable(f"reading {field} of {len(keys)} documents failed: {reason_of(reply)}")
    return dict(_named(orjson.loads(reply.body), field))


def _named(page: Json, field: str) -> list[tuple[DocKey, str]]:
    hits: Sequence[Mapping[str, Json]] = page["hits"]["hits"]
    found = ((key_of(dict(hit)), hit.get("fields", {}).get(field)) for hit in hits)
    return [(key, str(values[0])) for key, values in found if values]
