"""`_msearch`: the searches that are ours go through the engine at once, all others in one `_msearch` to the cluster.

Order and status of every item are kept. Searches may be repeated, so when anything of ours fails the cluster gets the
whole body, but for `ext.ltrr`, as it came.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from ltrr_opensearch.cluster.headers import without
from ltrr_opensearch.cluster.upstream import Reply, Upstream
from ltrr_opensearch.proxy.exchange import Exchange, HungUp
from ltrr_opensearch.proxy.foreign import NotOurs
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.proxy.ndjson import Item, item_response, items, joined_lines, response
from ltrr_opensearch.proxy.packed import readable, unpacked
from ltrr_opensearch.proxy.parameters import Parameters, parse_query_string
from ltrr_opensearch.proxy.passthrough import PassThrough
from ltrr_opensearch.proxy.search import Reader, SearchEndpoint, reason_of_media, switched_off, without_ours
from ltrr_opensearch.proxy.shape import Shape, shape_of, shaped
from ltrr_opensearch.proxy.strict_query import is_plain
from ltrr_opensearch.types import Answer, SearchRequest

_log = logging.getLogger(__name__)

AT_ONCE = 16
"""Searches of one `_msearch` that the engine works on at the same time."""
_SHARED = frozenset(
    (
        *("typed_keys", "max_concurrent_shard_requests", "pre_filter_shard_size", "ccs_minimize_roundtrips"),
        "rest_total_hits_as_int",
    )
)
_NUMBERS = frozenset(("max_concurrent_searches", "max_concurrent_shard_requests", "pre_filter_shard_size"))
_SWITCHES = frozenset(("typed_keys", "ccs_minimize_roundtrips", "pretty", "rest_total_hits_as_int"))
_ANSWER_HEADER = b"x-ltrr"

Mine = Mapping[int, SearchRequest]


class MultiSearchEndpoint:
    def __init__(
        self,
        search: SearchEndpoint,
        reader: Reader,
        upstream: Upstream,
        passing: PassThrough,
        metrics: Metrics,
        max_body_bytes: int,
    ) -> None:
        self._search = search
        self._reader = reader
        self._upstream = upstream
        self._passing = passing
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes

    async def handle(self, exchange: Exchange, target: str) -> None:
        params = parse_query_string(exchange.query)
        understood = is_plain(exchange.query) and all(_understood(*param) for param in params)
        encoding = exchange.header(b"content-encoding")
        if not readable(encoding) or not understood:
            await self._passing.stream(exchange, "msearch_options" if readable(encoding) else "encoded_body")
            return
        if reason := reason_of_media(exchange):
            await self._passing.stream(exchange, reason)
            return
        raw, complete = await exchange.read(self._max_body_bytes)
        if not complete or len(raw) > self._max_body_bytes:
            await self._passing.stream(exchange, "large_body", raw)
            return
        plain = unpacked(raw, encoding, self._max_body_bytes)
        asked = None if plain is None else items(plain)
        if asked is None:
            await self._passing.whole(exchange, "malformed_body", exchange.headers, raw)
            return
        mine = {} if switched_off(exchange) else self._ours(exchange, asked, target, params)
        if not mine and all(without_ours(item.body) is None for item in asked):
            await self._passing.whole(exchange, "nothing_ours", exchange.headers, raw)
            return
        try:
            async with exchange.while_connected():
                answer = await self._answer(exchange, asked, mine)
        except HungUp:
            raise
        except Exception:
            self._metrics.fallback("exception")
            _log.exception("an _msearch of %d searches failed in our part; the cluster answers", len(asked))
            bare = joined_lines([_bare(item) for item in asked])
            headers = without(exchange.headers, (b"content-length", b"transfer-encoding", b"content-encoding"))
            length = (b"content-length", str(len(bare)).encode())
            await self._passing.whole(exchange, "engine", (*headers, length), bare)
            return
        # totals were made numbers in each item
        shape = replace(shape_of(params, exchange.header(b"accept-encoding")), total_as_int=False)
        formed = shaped(answer, shape)
        await exchange.answer(formed.status, formed.headers, formed.body)

    def _ours(self, exchange: Exchange, asked: Sequence[Item], target: str, params: Parameters) -> Mine:
        shared = tuple(p for p in params if p[0] in _SHARED)
        mine = {}
        for place, item in enumerate(asked):
            read: SearchRequest | NotOurs = NotOurs("malformed_parameter")
            if item.plain:
                read = self._reader.read(item.target(target), item.params(shared), exchange.headers, item.body)
            if isinstance(read, NotOurs):
                self._metrics.passed_through(read.reason)
            else:
                mine[place] = read
        return mine

    async def _answer(self, exchange: Exchange, asked: Sequence[Item], mine: Mine) -> Answer:
        others = [place for place in range(len(asked)) if place not in mine]
        async with asyncio.TaskGroup() as group:
            engine = group.create_task(self._through_engine(mine))
            cluster = group.create_task(self._to_cluster(exchange, asked, others))
        numbers = Shape(total_as_int=shape_of(parse_query_string(exchange.query), None).total_as_int)
        answers = {place: shaped(answer, numbers) for place, answer in engine.result().items() if answer is not None}
        again = [place for place in mine if place not in answers]
        self._metrics.passed_through("engine", len(again))
        replies = {tuple(others): cluster.result(), tuple(again): await self._to_cluster(exchange, asked, again)}
        return _merged(answers, {places: reply for places, reply in replies.items() if reply is not None})

    async def _through_engine(self, mine: Mine) -> dict[int, Answer | None]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(request: SearchRequest) -> Answer | None:
            async with gate:
                return await self._search.ask(request)

        answers = await asyncio.gather(*(ask(request) for request in mine.values()))
        return dict(zip(mine, answers, strict=True))

    async def _to_cluster(self, exchange: Exchange, asked: Sequence[Item], places: Sequence[int]) -> Reply | None:
        if not places:
            return None
        body = joined_lines([_bare(asked[place]) for place in places])
        target = exchange.path + _query_without_form(exchange.query)
        return await self._upstream.send("POST", target, without(exchange.headers, (b"content-encoding",)), body)


def _understood(name: str, value: str) -> bool:
    """Whether OpenSearch takes a parameter as it is; of a wrong one it should say so itself, though all is ours."""
    if name in _NUMBERS:
        return value.isascii() and value.isdigit() and int(value[:9]) > 0 and len(value) <= 9
    return name == "filter_path" or (name in _SWITCHES and value in ("", "true", "false"))


def _merged(answers: Mapping[int, Answer], replies: Mapping[tuple[int, ...], Reply]) -> Answer:
    """The engine's answers and the cluster's for the rest, in order; a refused `_msearch` is the answer."""
    responses = {place: item_response(answer) for place, answer in answers.items()}
    for places, reply in replies.items():
        if reply.status != 200:
            return Answer(reply.status, reply.headers, reply.body)
        responses |= zip(places, orjson.loads(reply.body)["responses"], strict=True)
    headers = next(iter([*(r.headers for r in replies.values()), *(a.headers for a in answers.values())]))
    shown = without(headers, (_ANSWER_HEADER,))
    ids = b", ".join(value for a in answers.values() for name, value in a.headers if name == _ANSWER_HEADER)
    ours = ((_ANSWER_HEADER, ids),) if ids else ()
    return Answer(200, (*shown, *ours), orjson.dumps(response(responses)))


def _bare(item: Item) -> tuple[bytes, bytes]:
    """The lines of an item as they came, but for `ext.ltrr`."""
    bare = without_ours(item.body)
    return item.lines if bare is None else (item.lines[0], orjson.dumps(bare))


def _query_without_form(query: str) -> str:
    kept = "&".join(p for p in query.split("&") if p and p.partition("=")[0] not in ("pretty", "filter_path"))
    return f"?{kept}" if kept else ""
