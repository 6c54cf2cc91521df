"""Looks a search's decision up in our own log, by its query_id, with our own account."""

from __future__ import annotations

import orjson

from ltrr_opensearch.cluster.headers import own_account
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json


class DecisionLookup:
    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self._upstream = upstream
        self._headers = own_account(settings.cluster)
        self._indexes = f"{settings.state.prefix}_decisions-*"

    async def __call__(self, query_id: str) -> Json | None:
        newest = {"@timestamp": {"order": "desc", "unmapped_type": "date"}}
        body = orjson.dumps({"size": 1, "query": {"term": {"query_id": query_id}}, "sort": [newest]})
        target = f"/{self._indexes}/_search?ignore_unavailable=true"
        reply = await self._upstream.send("POST", target, self._headers, body)
        if reply.status != 200:
            raise ClusterError(f"the log {self._indexes} cannot be read: the cluster answers {reply.status}")
        hits = orjson.loads(reply.body)["hits"]["hits"]
        return hits[0]["_source"] if hits else None
