"""What runs of `ltrr evaluate ranking` are held to: a document for an index, an order and a judgment list.

They are in `{prefix}_jobs`, a list under its name: what is in it may change, and queries of both are then compared.

In the cluster and not in a file, since such runs come from schedulers whose disk is gone afterwards, and from several
machines.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256

from opensearchpy import OpenSearch

from ltrr_opensearch.evaluate.drops import Look
from ltrr_opensearch.release.switch import index_of


class LookStore:
    """`name`: of the judgment list."""

    def __init__(self, client: OpenSearch, prefix: str, key: str, name: str) -> None:
        self._client, self._index, self._key, self._name = client, index_of(prefix), key, name

    def read(self, order: str) -> Look | None:
        """The reference for looks at this order; None where there is none yet."""
        found = self._client.get(index=self._index, id=look_id(self._key, order, self._name), ignore=404)
        return Look.from_json(found["_source"]["look"]) if found.get("found") else None

    def write(self, look: Look, at: datetime) -> None:
        body = {"kind": "ranking", "index": self._key, "updated": at.isoformat(), "look": look.to_json()}
        self._client.index(index=self._index, id=look_id(self._key, look.order, self._name), body=body)


def look_id(key: str, order: str, name: str) -> str:
    return f"ranking-{sha256(json.dumps([key, order, name]).encode()).hexdigest()[:16]}"
