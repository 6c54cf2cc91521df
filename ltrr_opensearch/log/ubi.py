"""UBI 1.3 documents: what was asked, what was shown, and the events that clients send.

Pure. Timestamps leave here as `strict_date_time`, which is what the UBI plugin's indexes take. An event's `_id` is a
hash of what the client sent, so that an event sent twice is one document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.log.records import zoned
from ltrr_opensearch.logged import Decision, LaterShown
from ltrr_opensearch.types import Asker, Json, SearchRequest

CONTINUES = "ltrr_continues"
"""The query attribute of a later page that has a query_id of its own: the query_id of the search that it continues."""
LATER = "ltrr_later_page"
DECIDED = ("ltrr_policy", "ltrr_ranker", "ltrr_release")
"""Query attributes of a search that a proxy of ours decided."""
OURS = frozenset({CONTINUES, *DECIDED})
"""By any of these a search is known to be of our own log."""
EXAMPLE_TIME = "2026-01-31T12:00:00.000Z"
LONGEST_ID = 100
"""Characters of a query_id, in a search as in an event: what UBI's own mappings index (`ignore_above`)."""


@dataclass(frozen=True, slots=True)
class UbiEvent:
    """A valid event, ready to be indexed."""

    id: str
    document: Json


def query_document(request: SearchRequest, object_ids: Sequence[str], attributes: Mapping[str, str]) -> Json:
    """The `ubi_queries` document of a search; its `_id` is the query_id. `object_ids` are in the order shown.

    `attributes` are short words of ours (policy, release) beside the client's own query_attributes.
    """
    ubi, asker = request.ubi, request.asker
    document: Json = {
        "timestamp": zoned(request.at),
        "query_id": request.query_id,
        "query_response_id": request.query_id,
        "query_response_hit_ids": list(object_ids),
        "user_query": (ubi.user_query if ubi else None) or request.text,
        "query": orjson.dumps(request.body).decode() if request.body else None,
        "query_attributes": {**(ubi.query_attributes if ubi else {}), **attributes},
        "object_id_field": ubi.object_id_field if ubi else None,
        "client_id": (ubi.client_id if ubi else None) or asker.client,
        "application": (ubi.application if ubi else None) or asker.application,
    }
    return {k: v for k, v in document.items() if v is not None}


def object_id(hit: Json, field: str) -> str | None:
    """What events name a hit by, as far as it shows it: the field's value in its `_source` or `fields`."""
    for part in (hit.get("_source"), hit.get("fields")):
        value = value_at(part, field)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str | int):
            return str(value)
    return None


def value_at(part: Any, path: str) -> Any:
    """The value at a dotted path, whether the dots are in the key or between objects."""
    if not isinstance(part, dict):
        return None
    if path in part:
        return part[path]
    head, _, rest = path.partition(".")
    return value_at(part.get(head), rest) if rest else None


def impressions(decision: Decision, of: str) -> list[UbiEvent]:
    """One `impression` event for every hit of the page, its ordinal from 1, as COEC and other UBI tools read them.

    `of` begins their ids: that of the decision's document.
    """
    page = decision.candidates[decision.offset : decision.offset + decision.shown]
    common = _common(decision.query_id, decision.text, decision.at, decision.asker)
    return [
        _impression(common, c.object_id or c.key.id, place, of)
        for place, c in enumerate(page, start=decision.offset + 1)
    ]


def later_impressions(shown: LaterShown) -> list[UbiEvent]:
    """Those of a later page, marked by `message_type`; `message` is the `_id` where objects have another name."""
    common = _common(shown.query_id, shown.text, shown.at, shown.asker) | {"message_type": LATER}
    pairs = enumerate(zip(shown.objects, shown.ids, strict=True), start=shown.offset + 1)
    return [
        _impression(common | ({"message": id} if id != name else {}), name, place, shown.query_id)
        for place, (name, id) in pairs
    ]


def impression_id(of: str, place: int) -> str:
    return f"{of}-shown-{place}"


def _common(query_id: str, text: str, at: datetime, asker: Asker) -> Json:
    common = {
        "action_name": "impression",
        "query_id": query_id,
        "user_query": text,
        "timestamp": zoned(at),
        "application": asker.application,
        "client_id": asker.client,
        "session_id": asker.session,
        "user_id": asker.user,
    }
    return {k: v for k, v in common.items() if v is not None}


def _impression(common: Json, object_id: str, place: int, of: str) -> UbiEvent:
    where = {"object": {"object_id": object_id}, "position": {"ordinal": place}}
    return UbiEvent(impression_id(of, place), {**common, "event_attributes": where})


def parse_event(raw: Any, now: datetime) -> UbiEvent:
    """A client's event, checked. Without a timestamp it happened `now`; `event_attributes.arrived_at` is when it came.

    Raises `DataError` with every fault, its place, its value and what is allowed.
    """
    if not isinstance(raw, dict):
        raise DataError(f"an event must be a JSON object like {{'action_name': 'click', ...}}; got {raw!r:.80}")
    try:
        event = _Event.model_validate(raw)
    except ValidationError as faults:
        raise DataError("event refused: " + "; ".join(_fault(f) for f in faults.errors())) from faults
    document = event.model_dump(exclude_none=True)
    document["timestamp"] = zoned(event.timestamp or now)
    document.setdefault("event_attributes", {})["arrived_at"] = zoned(now)
    return UbiEvent(_digest(raw), document)


def _digest(raw: Json) -> str:
    try:
        # Four levels more than the event has: the spool wraps it, and must not meet orjson's limit of 254 first.
        return hashlib.sha256(orjson.dumps([[[[raw]]]], option=orjson.OPT_SORT_KEYS)[4:-4]).hexdigest()[:32]
    except orjson.JSONEncodeError as error:
        raise DataError("event refused: it is nested more than 250 levels deep; send a flatter one") from error


def _fault(fault: Any) -> str:
    place = ".".join(str(p) for p in fault["loc"])
    value = "" if fault["type"] == "missing" else f" (got {fault['input']!r:.80})"
    said = "must be a JSON object" if fault["type"] == "model_type" else fault["msg"].removeprefix("Value error, ")
    return f"{place}: {said}{value}"


def _time(value: Any) -> Any:
    """A zoned ISO 8601 time or milliseconds since 1970; what else looks like a time is refused rather than guessed."""
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value / 1000, UTC)
        except (OverflowError, ValueError, OSError):
            raise ValueError("milliseconds since 1970 are out of range") from None
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"is no ISO 8601 time; send one like {EXAMPLE_TIME}, or leave it out for now") from None
        if at.tzinfo is None:
            raise ValueError(f"has no zone; send one like {EXAMPLE_TIME}, or leave it out for now")
        try:
            return at.astimezone(UTC)
        except OverflowError:
            raise ValueError(f"is out of range in UTC; send one like {EXAMPLE_TIME}, or leave it out for now") from None
    if value is None:
        return None
    raise ValueError(f"must be a time like {EXAMPLE_TIME}")


def _word(value: Any) -> Any:
    """Ids are often numbers; UBI allows both and keeps words."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Word = Annotated[str, Field(min_length=1, max_length=LONGEST_ID), BeforeValidator(_word)]
Time = Annotated[datetime | None, BeforeValidator(_time)]


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _Place(_Open):
    ordinal: int | None = Field(None, ge=1)


class _Object(_Open):
    object_id: Annotated[str, Field(min_length=1, max_length=256), BeforeValidator(_word)]
    object_id_field: Word | None = None


class _Attributes(_Open):
    position: _Place | None = None
    object: _Object | None = None


class _Event(_Open):
    action_name: Annotated[str, Field(min_length=1, max_length=100)]
    timestamp: Time = None
    query_id: Word | None = None
    application: Word | None = None
    session_id: Word | None = None
    client_id: Word | None = None
    user_id: Word | None = None
    message_type: Word | None = None
    message: Annotated[str, Field(max_length=1024)] | None = None
    user_query: str | None = None
    event_attributes: _Attributes | None = None
