"""`POST /_ltrr/events`: UBI 1.3 events from browsers and applications, kept for sure before they are acknowledged.

An event for a query that we never saw is accepted: whether it joins a decision is known when we learn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson

from ltrr_opensearch.errors import DataError, Unreachable
from ltrr_opensearch.log.privacy import Privacy
from ltrr_opensearch.log.ubi import UbiEvent, parse_event
from ltrr_opensearch.proxy.cors import allowed, preflight
from ltrr_opensearch.proxy.exchange import Exchange
from ltrr_opensearch.proxy.failures import failure
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.types import Answer, Json

LARGEST_POST = 5 * 1024 * 1024
"""Bytes of one post of events."""


class EventSink(Protocol):
    """Keeps events. Returns per event "" or why it was refused; raises `Unreachable` when none could be kept."""

    async def accept(self, index: str, events: Sequence[UbiEvent]) -> list[str]: ...


class FeedbackEndpoint:
    def __init__(
        self,
        sink: EventSink,
        index: str,
        metrics: Metrics,
        now: Callable[[], datetime],
        privacy: Privacy,
        origins: Collection[str] = (),
    ) -> None:
        """`origins` are those of web pages that may post."""
        self._sink = sink
        self._index = index
        self._metrics = metrics
        self._now = now
        self._privacy = privacy
        self._origins = origins

    async def handle(self, exchange: Exchange) -> None:
        origin = exchange.header(b"origin")
        if exchange.method == "OPTIONS":
            answer = preflight(origin, self._origins)
            await exchange.answer(answer.status, answer.headers, answer.body)
            return
        if exchange.method != "POST":
            answer = failure(405, f"events are posted; {exchange.method} is not allowed here")
        else:
            answer = await self._posted(exchange)
        await exchange.answer(answer.status, (*answer.headers, *allowed(origin, self._origins)), answer.body)

    async def _posted(self, exchange: Exchange) -> Answer:
        raw, complete = await exchange.read(LARGEST_POST)
        if not complete or len(raw) > LARGEST_POST:
            return failure(413, f"a post of events may have {LARGEST_POST} bytes; send fewer events at a time")
        posted = read_events(raw)
        if not posted:
            return failure(400, "the post holds no event; send a JSON object, an array of them, or one object a line")
        return await self._kept(posted)

    async def _kept(self, posted: Sequence[Any]) -> Answer:
        valid, rejected = self._checked(posted)
        try:
            reasons = await self._sink.accept(self._index, list(valid.values())) if valid else []
        except Unreachable as error:
            self._metrics.events("not_kept", len(valid))
            return failure(503, f"events could not be kept, send them again: {error}")
        rejected |= {place: reason for place, reason in zip(valid, reasons, strict=True) if reason}
        accepted = len(posted) - len(rejected)
        self._metrics.events("accepted", accepted)
        self._metrics.events("rejected", len(rejected))
        return _receipt(accepted, rejected)

    def _checked(self, posted: Sequence[Any]) -> tuple[dict[int, UbiEvent], dict[int, str]]:
        now = self._now()
        valid: dict[int, UbiEvent] = {}
        rejected: dict[int, str] = {}
        for place, raw in enumerate(posted):
            try:
                if isinstance(raw, DataError):
                    raise raw
                valid[place] = self._privacy.event(parse_event(raw, now))
            except DataError as error:
                rejected[place] = str(error)
        return valid, rejected


def read_events(raw: bytes) -> list[Any]:
    """One JSON object, an array of them, or one a line; in the place of a line that is no JSON, the reason."""
    try:
        whole = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return [_line(number, line) for number, line in enumerate(raw.splitlines(), start=1) if line.strip()]
    return whole if isinstance(whole, list) else [whole]


def _line(number: int, line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        shown = line[:80].decode(errors="replace")
        return DataError(f"line {number} is no JSON ({error}): {shown}; post an object, an array, or one object a line")


def _receipt(accepted: int, rejected: dict[int, str]) -> Answer:
    content: Json = {
        "accepted": accepted,
        "rejected": [{"index": place, "reason": rejected[place]} for place in sorted(rejected)],
    }
    status = 400 if rejected and not accepted else 202
    return Answer(status, ((b"content-type", b"application/json; charset=UTF-8"),), orjson.dumps(content))
