"""Whether an index is still what something was made of, by its documents' sequence numbers, in one small request."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.types import Json

_READ = {"slot_fields", "text_fields", "synonyms", "entities", "popularity"}
FORMAT = 4
"""Raised when the same index would be read into something else."""


def slots_state(client: OpenSearch, index: str, settings: IndexSettings, further: Any = None) -> str:
    """Names what the gazetteer depends on: slot and text fields, synonyms, entities, and every document's state.

    `further`: what else it is made of, as JSON.

    A document that is written gets a higher sequence number and one that is deleted is gone, so number, sum and largest
    of them change with any change.
    """
    body: Json = {
        "size": 0,
        "track_total_hits": True,
        "aggs": {"written": {"stats": {"field": "_seq_no"}}, "indexes": {"terms": {"field": "_index", "size": 1000}}},
    }
    try:
        answer = client.search(index=index, body=body)
    except OpenSearchException as e:
        raise ClusterError(f"cannot see whether {index!r} changed: {e}") from e
    seen = [read_for(settings), answer["hits"]["total"]["value"], answer["aggregations"], further]
    return _digest(seen)


def read_for(settings: IndexSettings) -> str:
    """Names the settings that say what is read of documents, and into what."""
    return _digest([FORMAT, settings.model_dump(mode="json", include=_READ)])


def _digest(said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
