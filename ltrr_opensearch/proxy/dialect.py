"""Is this `_search` a text search that we can serve, and what does it ask? Pure; never raises.

Everything that is not known in every part is `NotOurs`: it passes through to the cluster unchanged. What can be
served, and why the rest cannot, stands in docs/proxy.md.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ltrr_opensearch.cluster.headers import HOP_BY_HOP, is_signed
from ltrr_opensearch.proxy.extensions import Extensions, asker, read_extensions
from ltrr_opensearch.proxy.filters import checked
from ltrr_opensearch.proxy.foreign import Foreign, NotOurs
from ltrr_opensearch.proxy.parameters import Parameters, fold
from ltrr_opensearch.proxy.point_in_time import target_of
from ltrr_opensearch.proxy.queries import QueryReader
from ltrr_opensearch.proxy.targets import owner
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Headers, Json, SearchRequest

_LARGEST = 2**31 - 1
"""Of OpenSearch's whole numbers."""
_SERVED = frozenset(
    (
        *("query", "size", "from", "post_filter", "track_total_hits", "track_scores", "timeout"),
        *("_source", "fields", "stored_fields", "docvalue_fields", "script_fields", "version", "seq_no_primary_term"),
        *("highlight", "explain", "aggs", "aggregations", "suggest", "indices_boost", "pit"),
        *("collapse", "stats"),
    )
)
REASONS = {
    key: key
    for key in (
        *("search_after", "slice", "min_score", "rescore", "terminate_after"),
        *("profile", "search_pipeline", "derived"),
    )
}
_SAYS_NOTHING = {"profile": False, "terminate_after": 0}
_READ: dict[str, Callable[[Any], bool]] = {
    "explain": lambda value: isinstance(value, bool),
    "track_total_hits": lambda value: isinstance(value, int) and value >= -1,
    "_source": lambda value: isinstance(value, bool | str | list | dict),
}
"""What we read ourselves, in the forms that we read; OpenSearch takes more, or says what is wrong with it."""
_BY_SCORE = ("_score", {"_score": "desc"}, {"_score": {"order": "desc"}})
_NOT_FORWARDED = HOP_BY_HOP | {b"host", b"content-length", b"content-type", b"content-encoding"}
_NOT_FORWARDED |= {b"accept", b"accept-encoding", b"x-ltrr"}


def parse_search(
    target: str,
    params: Parameters,
    headers: Headers,
    body: Any,
    *,
    settings: Settings,
    now: datetime,
    new_id: Callable[[], str],
) -> SearchRequest | NotOurs:
    """Reads a search of an index expression as the URL spells it, or of none. `params` are decoded, in their order."""
    try:
        return _read(target, params, headers, body, settings, now, new_id)
    except Foreign as foreign:
        return NotOurs(foreign.reason)


def _read(
    target: str,
    params: Parameters,
    headers: Headers,
    body: Any,
    settings: Settings,
    now: datetime,
    new_id: Callable[[], str],
) -> SearchRequest:
    if not isinstance(body, dict):
        raise Foreign("malformed_body")
    if "pit" in body:
        target = _searched(target, body["pit"], dict(params))
    configured = owner(target, settings)
    if configured is None:
        raise Foreign("other_index")
    if is_signed(headers) and settings.cluster.sigv4 is None:
        raise Foreign("signed")
    said = read_extensions(body.get("ext", {}))
    kept, folded = fold(params, {key: value for key, value in body.items() if key != "ext"})
    own = _served(folded)
    text, filters = _query(own, said, tuple(configured[1].text_fields))
    size, offset = _page(own)
    return SearchRequest(
        query_id=(said.ubi.query_id if said.ubi else None) or new_id(),
        target=target,
        text=text,
        body=own,
        params=kept,
        headers=tuple((key, value) for key, value in headers if key.lower() not in _NOT_FORWARDED),
        filters=filters,
        size=size,
        offset=offset,
        asker=asker(said, headers, settings),
        ubi=said.ubi,
        at=now,
        parent_query_id=said.parent_query_id,
        explain=said.explain,
    )


def _searched(target: str, pit: Any, params: Json) -> str:
    """The indexes of a point in time, which a search names nowhere else."""
    covered = target_of(pit, params)
    if target or covered is None:
        raise Foreign("pit")
    return covered


def _served(body: Json) -> Json:
    """The body without what says nothing; refused when it asks for something we do not serve."""
    kept: Json = {}
    for key, value in body.items():
        if key in _READ and not _READ[key](value):
            raise Foreign("malformed_query")
        if key == "sort":
            if any(by not in _BY_SCORE for by in (value if isinstance(value, list) else [value])):
                raise Foreign("sort")
        elif key in _SERVED:
            kept[key] = value
        elif not _says_nothing(key, value):
            raise Foreign(REASONS.get(key, "unknown_key"))
    if "collapse" in kept:
        _check_collapse(kept["collapse"])
    if "_none_" in str(kept.get("stored_fields", "")):
        raise Foreign("no_stored_fields")
    return kept


def _check_collapse(collapse: Any) -> None:
    if isinstance(collapse, dict) and "inner_hits" in collapse:
        raise Foreign("inner_hits")
    if not isinstance(collapse, dict) or collapse.keys() != {"field"} or not isinstance(collapse["field"], str):
        raise Foreign("collapse")


def _says_nothing(key: str, value: Any) -> bool:
    """Whether a key of the body has the value that it has when it is left out."""
    return key in _SAYS_NOTHING and type(value) is type(_SAYS_NOTHING[key]) and value == _SAYS_NOTHING[key]


def _query(body: Json, said: Extensions, text_fields: tuple[str, ...]) -> tuple[str, tuple[Json, ...]]:
    reader = QueryReader(text_fields, explicit=said.query is not None)
    asked = reader.read(body.get("query", {"match_all": {}}))
    text = said.query if said.query is not None else asked.text
    if text is None:
        raise Foreign("no_text")
    after = (checked(body["post_filter"]),) if "post_filter" in body else ()
    return text, (*asked.filters, *after)


def _page(body: Json) -> tuple[int, int]:
    size, offset = body.get("size", 10), body.get("from", 0)
    for number in (size, offset):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise Foreign("malformed_page")
    if size == 0:
        raise Foreign("no_hits_wanted")
    if size + offset > _LARGEST:
        raise Foreign("malformed_page")
    return size, offset
