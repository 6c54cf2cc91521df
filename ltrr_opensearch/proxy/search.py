"""`_search` on a configured index: read, understand, let the engine answer, or relay what was read, byte for byte."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

import orjson

from ltrr_opensearch.cluster.headers import without
from ltrr_opensearch.proxy import strict_json
from ltrr_opensearch.proxy.dialect import parse_search
from ltrr_opensearch.proxy.exchange import Exchange, HungUp
from ltrr_opensearch.proxy.foreign import NotOurs
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.proxy.packed import readable, unpacked
from ltrr_opensearch.proxy.parameters import Parameters, parse_query_string
from ltrr_opensearch.proxy.passthrough import PassThrough
from ltrr_opensearch.proxy.shape import checked_shape, shaped
from ltrr_opensearch.proxy.strict_query import is_plain
from ltrr_opensearch.proxy.targets import owner
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Answer, Headers, Json, SearchRequest

_log = logging.getLogger(__name__)


_BODIES = frozenset((b"application/json", b"application/x-ndjson"))
"""Media types under which OpenSearch reads a search as JSON; of none at all it refuses to read a body."""
_ANSWERS = frozenset((b"application/json", b"application/*", b"*/*", b""))


class Searcher(Protocol):
    """The engine, as far as the proxy needs it. None: the cluster should answer the request as it came."""

    async def search(self, request: SearchRequest, index_key: str) -> Answer | None: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return str(uuid4())


class Reader:
    """The dialect with its clock and its source of ids."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] = new_id,
        is_off: Callable[[str], bool] = frozenset[str]().__contains__,
        sheds: Callable[[str], bool] = frozenset[str]().__contains__,
    ) -> None:
        """`is_off` says for an index's key whether the kill switch is turned, `sheds` whether we do too much."""
        self._settings = settings
        self._is_off = is_off
        self._sheds = sheds
        self._now = now
        self._new_id = new_id

    def read(self, target: str, params: Parameters, headers: Headers, body: Any) -> SearchRequest | NotOurs:
        found = parse_search(
            target, params, headers, body, settings=self._settings, now=self._now(), new_id=self._new_id
        )
        if isinstance(found, SearchRequest) and self._is_off(self.key(found)):
            return NotOurs("switched_off")
        if isinstance(found, SearchRequest) and self._sheds(self.key(found)):
            return NotOurs("pressure")
        return found

    def key(self, request: SearchRequest) -> str:
        """The configuration of a search that the dialect took for ours."""
        owned = owner(request.target, self._settings)
        assert owned is not None
        return owned[0]


class SearchEndpoint:
    def __init__(
        self, engine: Searcher, reader: Reader, passing: PassThrough, metrics: Metrics, max_body_bytes: int
    ) -> None:
        self._engine = engine
        self._reader = reader
        self._passing = passing
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes

    async def handle(self, exchange: Exchange, target: str) -> None:
        if reason := reason_to_pass(exchange):
            await self._passing.stream(exchange, reason)
            return
        raw, complete = await exchange.read(self._max_body_bytes)
        if not complete or len(raw) > self._max_body_bytes:
            await self._passing.stream(exchange, "large_body", raw)
            return
        plain = unpacked(raw, exchange.header(b"content-encoding"), self._max_body_bytes)
        if plain is None:
            await self._passing.whole(exchange, "encoded_body", exchange.headers, raw)
            return
        body = json_or_none(plain)
        if switched_off(exchange):
            await self.relay(exchange, "off", raw, body)
            return
        params = parse_query_string(exchange.query)
        request = self._reader.read(target, params, exchange.headers, body)
        shape = checked_shape(params, exchange.header(b"accept-encoding"))
        if isinstance(request, NotOurs) or shape is None:
            reason = request.reason if isinstance(request, NotOurs) else "malformed_parameter"
            await self.relay(exchange, reason, raw, body)
            return
        async with exchange.while_connected():
            answer = await self.ask(request)
        if answer is None:
            await self.relay(exchange, "engine", raw, body)
            return
        formed = shaped(answer, shape)
        await exchange.answer(formed.status, formed.headers, formed.body)

    async def ask(self, request: SearchRequest) -> Answer | None:
        """The engine's answer, or None when it has none, for whatever reason."""
        try:
            return await self._engine.search(request, self._reader.key(request))
        except HungUp:
            raise
        except Exception:
            self._metrics.fallback("exception")
            _log.exception("search %s on %s failed in our part; the cluster answers", request.query_id, request.target)
            return None

    async def relay(self, exchange: Exchange, reason: str, raw: bytes, body: Any) -> None:
        """As it came; only `ext.ltrr` is taken out, which the cluster would refuse."""
        bare = without_ours(body)
        if bare is None:
            await self._passing.whole(exchange, reason, exchange.headers, raw)
            return
        rewritten = orjson.dumps(bare)
        length = (b"content-length", str(len(rewritten)).encode())
        headers = without(exchange.headers, (b"content-length", b"transfer-encoding", b"content-encoding"))
        await self._passing.whole(exchange, reason, (*headers, length), rewritten)


def reason_to_pass(exchange: Exchange) -> str:
    """Why a search passes through without a look at its body; empty when there is none."""
    if not is_plain(exchange.query):
        return "malformed_parameter"
    if not readable(exchange.header(b"content-encoding")):
        return "encoded_body"
    return reason_of_media(exchange)


def reason_of_media(exchange: Exchange) -> str:
    """Why a body, or an answer as JSON, is not what the client means; empty when it is."""
    sent = exchange.header(b"content-type")
    if exchange.length != 0 and media_type(sent or b"") not in _BODIES:
        return "content_type"
    accepted = exchange.header(b"accept") or b"*/*"
    return "" if any(media_type(kind) in _ANSWERS for kind in accepted.split(b",")) else "accept"


def switched_off(exchange: Exchange) -> bool:
    return (exchange.header(b"x-ltrr") or b"").strip().lower() == b"off"


def media_type(value: bytes) -> bytes:
    """Without its parameters."""
    return value.partition(b";")[0].strip().lower()


def json_or_none(raw: bytes) -> Any:
    """No body is an empty object, as for OpenSearch; None is a body that is not JSON, or not the same to everybody."""
    if not raw.strip():
        return {}
    try:
        return strict_json.loads(raw)
    except ValueError:
        return None


def without_ours(body: Any) -> Json | None:
    """The body without `ext.ltrr`; None where it has none, and may go on as the bytes that came."""
    if not isinstance(body, dict) or not isinstance(body.get("ext"), dict) or "ltrr" not in body["ext"]:
        return None
    ext = {key: value for key, value in body["ext"].items() if key != "ltrr"}
    rest = {key: value for key, value in body.items() if key != "ext"}
    return rest | {"ext": ext} if ext else rest
