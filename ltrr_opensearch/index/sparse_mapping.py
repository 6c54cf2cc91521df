"""Fields of ours that hold weights by name, learned terms and proposals: what the mapping should be, and whether what
is there can serve. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltrr_opensearch.errors import Conflict
from ltrr_opensearch.index.backfill import key_field
from ltrr_opensearch.types import Json


def sparse_properties(name: str) -> Json:
    """The field and, beside it, the key of what was encoded; the key is only ever read from `_source`."""
    return {name: {"type": "rank_features"}, key_field(name): {"type": "keyword", "index": False, "doc_values": False}}


OURS = {"made_by": "ltrr"}
"""Stands in the mapping of a field of proposals: what is in one of somebody else would be lost when we write."""


def proposed_properties(name: str) -> Json:
    return {name: {"type": "rank_features", "meta": OURS}}


def missing_sparse_properties(index: str, body: Mapping[str, Any], name: str) -> Json:
    """What must be added to one concrete index, or `Conflict`."""
    return _missing(index, body, name, sparse_properties(name), ("learned terms", "sparse.field"))


def missing_proposed_properties(index: str, body: Mapping[str, Any], name: str) -> Json:
    """What must be added to one concrete index, or `Conflict`, also where the field is not one that we made."""
    lacking = _missing(index, body, name, proposed_properties(name), ("proposals", "proposals.field"))
    there = body.get("mappings", {}).get("properties", {}).get(name)
    if there is not None and there.get("meta") != OURS:
        raise Conflict(
            f"index {index}: field {name} was not made by set-up, and proposals would take the place of what it holds; "
            "set proposals.field to another name"
        )
    return lacking


def _missing(index: str, body: Mapping[str, Any], name: str, wanted: Json, said: tuple[str, str]) -> Json:
    present = body.get("mappings", {}).get("properties", {})
    type_ = present.get(name, {}).get("type", "object") if name in present else "rank_features"
    if type_ != "rank_features":
        what, option = said
        raise Conflict(
            f"index {index}: field {name} has type {type_}, {what} need rank_features; a mapping cannot be "
            f"changed: set {option} to another name"
        )
    return {k: v for k, v in wanted.items() if k not in present}
