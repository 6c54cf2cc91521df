"""The `ext` of a search: what it says to us (`ext.ltrr`) and about the person's query (`ext.ubi`, UBI 1.3).

OpenSearch answers 400 to a section of `ext` that it does not know, so ours is always taken out before a request goes
on; `ext.ubi` stays in a request that passes through, since the UBI plugin may be there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ltrr_opensearch.log.ubi import LONGEST_ID
from ltrr_opensearch.proxy.foreign import Foreign
from ltrr_opensearch.settings import ContextKey, ServeSettings, Settings
from ltrr_opensearch.types import Asker, Headers, Json, UbiRequest

_LTRR_KEYS = {"query", "context", "explore", "off", "explain", "parent_query_id"}
_UBI_TEXTS = ("query_id", "user_query", "client_id", "application", "object_id_field")
_CONTEXT: tuple[ContextKey, ...] = ("user", "session", "application", "device", "locale", "time_zone", "segment")
_ID = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_ID}}}")
"""What may stand in a header and in a document's `_id`."""
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Extensions:
    query: str | None = None
    context: dict[str, str] = field(default_factory=dict)
    explore: bool = True
    explain: bool = False
    parent_query_id: str | None = None
    ubi: UbiRequest | None = None


def read_extensions(ext: Any) -> Extensions:
    if not isinstance(ext, dict) or not ext.keys() <= {"ltrr", "ubi"}:
        raise Foreign("other_ext")
    ours = ext.get("ltrr", {})
    if not isinstance(ours, dict) or not ours.keys() <= _LTRR_KEYS:
        raise Foreign("ext_ltrr")
    if _flag(ours, "off", False):
        raise Foreign("off")
    return Extensions(
        query=_explicit(ours),
        context=_context(ours.get("context", {})),
        explore=_flag(ours, "explore", True),
        explain=_flag(ours, "explain", False),
        parent_query_id=_identifier(ours.get("parent_query_id"), "ext_ltrr"),
        ubi=_ubi(ext["ubi"]) if "ubi" in ext else None,
    )


def asker(said: Extensions, headers: Headers, settings: Settings) -> Asker:
    """Who asks: the body's context first, then the configured headers."""
    by_header = {key.lower().decode("latin-1"): value for key, value in headers}
    found: dict[str, str] = {}
    for key in _CONTEXT:
        sent = by_header.get(settings.serve.context_headers.get(key, "").lower(), b"")
        if value := said.context.get(key) or sent.decode("utf-8", "replace")[:_LONGEST]:
            found[key] = value
    ubi = said.ubi or UbiRequest()
    if ubi.application:
        found["application"] = ubi.application
    if ubi.client_id:
        found["client"] = ubi.client_id
    return Asker(**found, explore=said.explore and _may_explore(found, headers, settings.serve))


def _may_explore(found: Mapping[str, str], headers: Headers, serve: ServeSettings) -> bool:
    """Nobody is explored upon by mistake: one header of several that does not say true is enough to opt out."""
    name = serve.explore_header.lower().encode()
    if any(value.strip().lower() != b"true" for key, value in headers if key.lower() == name):
        return False
    return not any(found.get(key) in names for key, names in serve.never_explore.items())


def _explicit(ours: Json) -> str | None:
    text = ours.get("query")
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip() or len(text) > 2 * _LONGEST:
        raise Foreign("ext_ltrr")
    return text


def _flag(ours: Json, key: str, default: bool) -> bool:
    value = ours.get(key, default)
    if not isinstance(value, bool):
        raise Foreign("ext_ltrr")
    return value


def _context(context: Any) -> dict[str, str]:
    if not isinstance(context, dict) or not context.keys() <= set(_CONTEXT):
        raise Foreign("ext_ltrr")
    if not all(isinstance(v, str) and len(v) <= _LONGEST for v in context.values()):
        raise Foreign("ext_ltrr")
    return context


def _identifier(value: Any, reason: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Foreign(reason)
    return value


def _ubi(ubi: Any) -> UbiRequest:
    if not isinstance(ubi, dict):
        raise Foreign("ext_ubi")
    texts = {name: ubi[name] for name in _UBI_TEXTS if ubi.get(name) is not None}
    attributes = ubi.get("query_attributes") or {}
    if not all(isinstance(v, str) for v in texts.values()) or not isinstance(attributes, dict):
        raise Foreign("ext_ubi")
    _identifier(texts.get("query_id"), "ext_ubi")
    return UbiRequest(**texts, query_attributes=attributes)
