"""Reads what rules move: as the caller, under the client's filters, so that no rule shows what its caller may not see.

All of it is asked beside the plans, under their deadline; only which of their hits a rule lifts or sinks is asked
afterwards, while these are ranked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.retrieve import bodies
from ltrr_opensearch.retrieve.collapse import Group, collapse_field, collapsing, group_of
from ltrr_opensearch.retrieve.documents import Documents
from ltrr_opensearch.retrieve.sending import key_of, reason_of, send_search
from ltrr_opensearch.types import DocKey, Json, SearchRequest

MOST_LIFTED = 50
"""Documents of the client's own query that join an order because a rule lifts them."""
COPIES = 5
"""Documents of one `_id` that are looked at, where a search covers several indexes."""


@dataclass(frozen=True, slots=True)
class Selected:
    """Documents with the names of the clauses that each matches; in a collapsed search, of which group each is."""

    named: Mapping[DocKey, tuple[str, ...]]
    groups: Mapping[DocKey, Group]


NOTHING = Selected({}, {})


async def pinned(documents: Documents, ids: Sequence[str]) -> list[Json]:
    """The documents of these `_id`s that this caller may see under its filters, in the client's form."""
    if not ids:
        return []
    request = documents.request
    body = bodies.documents_of(request, {"ids": {"values": list(ids)}}, len(ids) * COPIES, documents.hidden)
    return await _hits(documents, body, bodies.winners_params(request, documents.preference))


async def lifted(documents: Documents, clauses: Mapping[str, Json]) -> Selected:
    """The first hits of the client's own query that match any of the clauses."""
    if not clauses:
        return NOTHING
    request = documents.request
    own = request.body.get("query", {"match_all": {}})
    return await _selected(documents, clauses, [*request.filters], [own], MOST_LIFTED)


async def matching(documents: Documents, keys: Sequence[DocKey], clauses: Mapping[str, Json]) -> Selected:
    """Which of these documents match which of the clauses."""
    if not clauses or not keys:
        return NOTHING
    found = bodies.exactly(keys, documents.request.target)
    return await _selected(documents, clauses, [found], [], len(keys))


def groups_of(request: SearchRequest, hits: Mapping[DocKey, Json]) -> dict[DocKey, Group]:
    """By document the group that it is of; none where the search is not collapsed."""
    field = collapse_field(request)
    return {key: group_of(hit, field) for key, hit in hits.items()} if field else {}


async def _selected(
    documents: Documents, clauses: Mapping[str, Json], filters: Sequence[Json], scored: Sequence[Json], size: int
) -> Selected:
    """What passes the filters and matches any clause; only what is `scored` makes the order."""
    request = documents.request
    named = [{"bool": {"filter": [clause], "_name": name}} for name, clause in clauses.items()]
    some: Json = {"must": list(scored), "filter": list(filters), "should": named, "minimum_should_match": 1}
    body: Json = {"size": size, "_source": False, "track_total_hits": False, "query": {"bool": some}}
    body |= bodies.state_of(request) | collapsing(request)
    hits = await _hits(documents, body, bodies.plan_params(request, documents.preference))
    # the client's query may have names of its own, and so may a clause
    by_key = {key_of(hit): hit for hit in hits}
    matched = {key: tuple(n for n in hit.get("matched_queries", ()) if n in clauses) for key, hit in by_key.items()}
    return Selected(matched, groups_of(request, by_key))


async def _hits(documents: Documents, body: Json, params: Mapping[str, str]) -> list[Json]:
    reply = await send_search(documents.sender, documents.request, body, params)
    if reply.status != 200:
        raise Unreachable(f"reading what rules move failed: {reason_of(reply)}")
    hits: list[Json] = orjson.loads(reply.body)["hits"]["hits"]
    return hits
