"""What the mapping of an index that was there before us lacks, and what it contradicts. Pure.

The UBI indexes are often older than we are: made by the UBI plugin, or by the first event that an application wrote.
What is absent is added; what is mapped otherwise stays, since a mapping cannot be changed, and is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ltrr_opensearch.types import Json

_CONSEQUENCES = {
    "query_id": "events and searches cannot be joined",
    "action_name": "impressions count as actions",
    "timestamp": "old documents do not expire",
}
"""What goes wrong where a field that we search by is mapped otherwise; the others are only read from `_source`."""


def additions(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> Json:
    """Properties to add, none of them there already."""
    found: Json = {}
    for name, body in wanted.items():
        there = present.get(name)
        if there is None:
            found[name] = body
        elif "properties" in body and _holds_fields(there):
            inner = additions(there.get("properties", {}), body["properties"])
            if inner:
                found[name] = {"properties": inner}
    return found


def clashes(index: str, mapping: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """What stays as it is although we map it otherwise, each with what to do."""
    if str(mapping.get("dynamic")).lower() == "strict":
        yield (
            f"index {index}: dynamic is strict, so that documents with a field that is not mapped are refused; "
            f'PUT /{index}/_mapping {{"dynamic": false}} keeps such fields without mapping them'
        )
    for path, is_, ours in _differences(mapping.get("properties", {}), wanted, ""):
        harm = _CONSEQUENCES.get(path)
        yield f"index {index}: {path} is mapped as {is_}, ours is {ours}; a mapping cannot be changed, so it stays" + (
            f" and {harm}: reindex it, or name another index in `state`" if harm else ""
        )


def made_without_template(index: str, mapping: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """For an index that is ours alone: a proxy that served before set-up made it, and learning cannot search it."""
    present = mapping.get("properties", {})
    wrong = [n for n, b in wanted.items() if "properties" not in b and n in present and _type(present[n]) != _type(b)]
    if wrong:
        yield (
            f"index {index}: it was written to before set-up, its {', '.join(wrong)} are mapped otherwise than ours; "
            f"learning and pages cannot use it: stop the proxies, DELETE /{index}, run ltrr setup, start them"
        )


def _differences(present: Mapping[str, Any], wanted: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, body in wanted.items():
        there, path = present.get(name), f"{prefix}{name}"
        if there is None:
            continue
        if "properties" in body and _holds_fields(there):
            yield from _differences(there.get("properties", {}), body["properties"], f"{path}.")
        elif _type(there) != _type(body) and not _has_keyword(there, body):
            yield path, _type(there), _type(body)


def _holds_fields(body: Mapping[str, Any]) -> bool:
    return _type(body) == "object" and body.get("enabled", True) is not False


def _has_keyword(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """An index made by its first document maps words as text with a keyword beside it, which is asked as well."""
    return _type(wanted) == "keyword" and _type(there.get("fields", {}).get("keyword", {})) == "keyword"


def _type(body: Mapping[str, Any]) -> str:
    return str(body.get("type", "object"))
