"""What runs of `ltrr evaluate ranking` are held to: a document a judgment list's queries in `{prefix}_jobs`.

In the cluster and not in a file, since such runs come from schedulers whose disk is gone afterwards, and from several
machines.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from opensearchpy import OpenSearch

from ltrr_opensearch.evaluate.drops import Look
from ltrr_opensearch.release.switch import index_of


class LookStore:
    def __init__(self, client: OpenSearch, prefix: str, key: str) -> None:
        self._client, self._index, self._key = client, index_of(prefix), key

    def read(self, like: Look) -> Look | None:
        """The reference for looks at these queries; None where there is none yet."""
        found = self._client.get(index=self._index, id=self._id(like), ignore=404)
        return Look.from_json(found["_source"]["look"]) if found.get("found") else None

    def write(self, look: Look, at: datetime) -> None:
        body = {"kind": "ranking", "index": self._key, "updated": at.isoformat(), "look": look.to_json()}
        self._client.index(index=self._index, id=self._id(look), body=body)

    def _id(self, look: Look) -> str:
        queries = sha256("\n".join([self._key, look.order, *sorted(look.values)]).encode()).hexdigest()[:16]
        return f"ranking-{queries}"
