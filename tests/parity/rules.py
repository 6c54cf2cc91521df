"""What may differ between the straight answer and the one through the proxy, by the names that scenarios use. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from ltrr_opensearch.types import Json

Key = tuple[str, str]

VOLATILE: dict[str, bytes] = {
    "took": rb'"took"\s*:\s*\d+',
    "took_yaml": rb"took: \d+",
    "took_cbor": rb"dtook(?:[\x00-\x17]|\x18.|\x19..)",
    "scroll_id": rb'"_scroll_id"\s*:\s*"[^"]+"',
    "pit": rb'"(?:pit_id|id)"\s*:\s*"[A-Za-z0-9_+/=-]{40,}"|"creation_time"\s*:\s*\d+',
    "gone": rb"context with id \[?\d+\]?|\[[A-Za-z0-9_+/=-]{10,}\]\[\d+\]|\[\d+\]",
    "uuid": rb'"index_uuid"\s*:\s*"[^"]+"',
    "sequence": rb'"(?:_seq_no|_version)"\s*:\s*\d+',
    "profile": rb'"[a-z_]*"\s*:\s*\d+|"id"\s*:\s*"[^"]+"',
    "everything": rb'"(?:value|total|successful)"\s*:\s*\d+',
}
"""Rules for answers that pass: the text of these is taken out of both."""

VARYING = frozenset(("date", "connection", "x-ltrr", "task_resource_usage"))
"""Headers that differ from one request to the next; the last says what a scroll cost."""

RANKED = {
    "took": "how long it took",
    "phases": "and how long each phase took",
    "order": "which hits are on the page, and in which order",
    "filled": "how many: other plans find hits where the client's own query finds fewer than a page",
    "score": "`_score` and `max_score`: 1/rank",
    "total": "`hits.total` may be larger by hits that only a plan found",
    "explanation": "what an `_explanation` explains; not its form",
    "named_scores": "the scores of the client's named queries; not which match",
    "values": "what the hits hold; not which keys they have",
    "one_each": "which hit of those with one value of the `collapse` field is shown",
    "pit": "the id of a point in time",
}
"""Rules for answers of the engine."""


def masked(body: bytes, allowed: AbstractSet[str]) -> bytes:
    """Without the text of what may differ."""
    for name in VOLATILE.keys() & allowed:
        body = re.sub(VOLATILE[name], name.encode(), body)
    return body


def headers_of(given: Mapping[str, str], same_length: bool) -> dict[str, str]:
    """All headers but those that vary and, where a rule changed the body, its length."""
    left_out = VARYING | (set() if same_length else {"content-length"})
    return {name: value for name, value in given.items() if name not in left_out}


def key_of(hit: Json) -> Key:
    return hit["_index"], hit["_id"]


def bare(hit: Json, allowed: frozenset[str]) -> Json:
    """A hit without what may differ in it."""
    kept = {k: v for k, v in hit.items() if k != "_score"}
    if "named_scores" in allowed and isinstance(kept.get("matched_queries"), dict):
        kept["matched_queries"] = dict.fromkeys(kept["matched_queries"], "score")
    if "_explanation" in kept and "explanation" in allowed:
        kept["_explanation"] = explains(kept["_explanation"])
    return kept


def explains(given: Json) -> bool:
    """Whether it has the form of OpenSearch's explanations."""
    value, text, details = given["value"], given["description"], given["details"]
    formed = isinstance(value, int | float) and isinstance(text, str) and isinstance(details, list)
    return formed and given.keys() == {"value", "description", "details"} and all(map(explains, details))


def around(page: Json, allowed: frozenset[str]) -> Json:
    """A page without its hits and without what may differ around them."""
    left_out = {
        name for rule, name in (("took", "took"), ("phases", "phase_took"), ("pit", "pit_id")) if rule in allowed
    }
    rest = {k: v for k, v in page.items() if k not in {*left_out, "hits"}}
    if "hits" in page:
        inner = {"hits", *(["max_score"] if "score" in allowed else []), *(["total"] if "total" in allowed else [])}
        rest["hits"] = {k: v for k, v in page["hits"].items() if k not in inner}
    return rest


def total_of(page: Json) -> int | None:
    total = page.get("hits", {}).get("total")
    number: int | None = total["value"] if isinstance(total, dict) else total
    return number


def keys_in(value: object) -> object:
    """The names in a JSON value, without what they hold; lists as the set of their items' names."""
    if isinstance(value, dict):
        return {k: keys_in(v) for k, v in value.items()}
    if isinstance(value, list):
        return sorted({repr(keys_in(v)) for v in value})
    return "value"


def at(page: object, path: str) -> list[object]:
    """All values at a dotted path, through lists."""
    found: list[object] = [page]
    for name in path.split("."):
        inner = [v for value in found for v in (value if isinstance(value, list) else [value])]
        found = [v[name] for v in inner if isinstance(v, dict) and name in v]
    return found
