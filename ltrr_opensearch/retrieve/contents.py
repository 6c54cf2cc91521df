"""What later stages read of documents, for whoever may see them: values of a field, vectors, texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import orjson

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.retrieve import bodies
from ltrr_opensearch.retrieve.documents import Documents
from ltrr_opensearch.retrieve.sending import key_of, reason_of, send_search
from ltrr_opensearch.types import DocKey, Json, Vector


async def values_of(documents: Documents, keys: Sequence[DocKey], field: str) -> list[frozenset[str]]:
    """Of each document its values of a field that has doc values; none where it lacks the field, or is gone."""
    read = await _read(documents, keys, {"docvalue_fields": [field]})
    return [frozenset(map(str, read.get(key, {}).get("fields", {}).get(field, ()))) for key in keys]


async def vectors_of(documents: Documents, keys: Sequence[DocKey], field: str) -> list[Vector | None]:
    """Of each document its vector, None where it has none that this caller may read."""
    read = await _read(documents, keys, {"_source": [field]})
    values = (reduce(_inside, field.split("."), read.get(key, {}).get("_source")) for key in keys)
    return [np.asarray(value, dtype=np.float32) if isinstance(value, list) else None for value in values]


async def texts_of(documents: Documents, keys: Sequence[DocKey], fields: Sequence[str]) -> list[str]:
    """Of each document its fields as one text, in their order; empty where it is gone."""
    read = await _read(documents, keys, {"fields": list(fields)})
    found = (read.get(key, {}).get("fields", {}) for key in keys)
    return [" ".join(str(value) for field in fields for value in of.get(field, ())) for of in found]


def _inside(source: object, name: str) -> object:
    return source.get(name) if isinstance(source, dict) else None


async def _read(documents: Documents, keys: Sequence[DocKey], what: Json) -> dict[DocKey, Json]:
    if not keys:
        return {}
    request = documents.request
    body = bodies.features_body(request, keys) | what
    params = bodies.plan_params(request, documents.preference)
    reply = await send_search(documents.sender, request, body, params)
    if reply.status != 200:
        raise Unreachable(f"reading {len(keys)} documents for a later stage failed: {reason_of(reply)}")
    return {key_of(hit): hit for hit in orjson.loads(reply.body)["hits"]["hits"]}
