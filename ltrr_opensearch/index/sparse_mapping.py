"""The field of learned terms in a mapping: what it should be, and whether what is there can serve. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltrr_opensearch.errors import Conflict
from ltrr_opensearch.index.backfill import key_field
from ltrr_opensearch.types import Json


def sparse_properties(name: str) -> Json:
    """The field and, beside it, the key of what was encoded; the key is only ever read from `_source`."""
    return {name: {"type": "rank_features"}, key_field(name): {"type": "keyword", "index": False, "doc_values": False}}


def missing_sparse_properties(index: str, body: Mapping[str, Any], name: str) -> Json:
    """What must be added to one concrete index, or `Conflict`."""
    present = body.get("mappings", {}).get("properties", {})
    type_ = present.get(name, {}).get("type", "object") if name in present else "rank_features"
    if type_ != "rank_features":
        raise Conflict(
            f"index {index}: field {name} has type {type_}, learned terms need rank_features; a mapping cannot be "
            "changed: set sparse.field to another name"
        )
    return {k: v for k, v in sparse_properties(name).items() if k not in present}
