"""The vector field in a mapping: what it should be, and whether what is there can serve. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ltrr_opensearch.errors import Conflict
from ltrr_opensearch.index.backfill import key_field
from ltrr_opensearch.index_settings import VectorSettings
from ltrr_opensearch.types import Json


def properties(vector: VectorSettings, name: str) -> Json:
    """The field and, beside it, the key of what was embedded; the key is only ever read from `_source`."""
    method = {"name": "hnsw", "engine": vector.engine, "space_type": vector.space_type}
    return {
        name: {"type": "knn_vector", "dimension": vector.dimension, "method": method},
        key_field(name): {"type": "keyword", "index": False, "doc_values": False},
    }


def missing_properties(index: str, body: Mapping[str, Any], vector: VectorSettings, name: str) -> Json:
    """What must be added to one concrete index (as `GET /index?flat_settings=true` shows it), or `Conflict`."""
    present = body.get("mappings", {}).get("properties", {})
    wanted = properties(vector, name)
    if name in present:
        _check(index, present[name], vector, name)
    elif body.get("settings", {}).get("index.knn") != "true":
        raise Conflict(_no_knn(index, wanted))
    return {k: v for k, v in wanted.items() if k not in present}


def _check(index: str, there: Mapping[str, Any], vector: VectorSettings, name: str) -> None:
    method = there.get("method", {})
    space = method.get("space_type") or there.get("space_type") or "l2"
    for option, is_, should in (
        ("type", there.get("type"), "knn_vector"),
        ("dimension", there.get("dimension"), vector.dimension),
        ("space_type", space, vector.space_type),
    ):
        if is_ != should:
            raise Conflict(
                f"index {index}: field {name} has {option} {is_}, the configuration says {should}; a mapping cannot "
                f"be changed: set vector.{'field to another name' if option == 'type' else f'{option}: {is_}'}"
                + ("" if option == "type" else ", or vector.field to another name")
            )


def _no_knn(index: str, wanted: Json) -> str:
    body = {"settings": {"index.knn": True}, "mappings": {"properties": wanted}}
    return (
        f"index {index} was made without index.knn: true, which OpenSearch does not let anybody change, not even on a "
        "closed index. Either leave out the index's `vector` section, or copy it:\n"
        f"  PUT /{index}-knn {json.dumps(body)}   (with your own settings and mappings added)\n"
        f'  POST /_reindex?wait_for_completion=false {{"source": {{"index": "{index}"}}, "dest": {{"index": '
        f'"{index}-knn"}}}}\n'
        f"  then let your alias point to {index}-knn, and run `ltrr setup` again"
    )
