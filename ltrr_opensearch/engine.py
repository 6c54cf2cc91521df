"""One search, from the client's request to its answer. Each line of `Engine._settle` is a stage.

The client's own query is always part of what is asked, so whatever fails in our part ends in the cluster's own
answer, counted by reason. Nothing here knows HTTP or OpenSearch's query language.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Protocol

import orjson

from ltrr_opensearch.answer import compose
from ltrr_opensearch.answer.compose import Listing
from ltrr_opensearch.answer.pages import PageMemory, page_key
from ltrr_opensearch.chance import seed_of
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.logged import Decision
from ltrr_opensearch.record import Searched, decision_of, kept_rows
from ltrr_opensearch.retrieve.fan_out import FanOut, Logged, Original, key_of, total_of
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import (
    AnalyzedQuery,
    Answer,
    Candidate,
    DocKey,
    Draw,
    Json,
    PlanResult,
    QueryPlan,
    Ranked,
    SearchRequest,
    Vector,
    VectorUse,
)

ANSWER_HEADER = b"x-ltrr"
NOTHING_DRAWN = Draw("", ())
MOST_BEHIND = 64
"""Records under way at once; with more, rows are left out rather than queued behind a slow cluster."""
READ_BEHIND = 2
"""Requests for features behind answers at once: they must not crowd out the searches that somebody waits for."""


class TextEncoder(Protocol):
    async def encode(self, text: str) -> Vector: ...
    def at_hand(self, text: str) -> Vector | None: ...


class Observer(Protocol):
    """Where counts and times go."""

    def stage(self, name: str, seconds: float) -> None: ...
    def fallback(self, reason: str) -> None: ...
    def searched(self, decision: Decision) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    deadline_ms: float
    window: int
    rank_depth: int
    secret: str
    feature_sample: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A search that was asked and ranked, before its page is made. `own` are the client's own hits, in their order."""

    original: Original
    own: Mapping[DocKey, Json]
    listing: Listing
    searched: Searched
    seed: int


class Engine:
    """`serving` gives the parts in force for an index key, `record` takes decisions; neither may block."""

    def __init__(
        self,
        fan_out: FanOut,
        serving: Callable[[str], Serving],
        encoder: TextEncoder | None,
        record: Callable[[Decision, SearchRequest], None],
        observer: Observer,
        pages: PageMemory,
        limits: Limits,
    ) -> None:
        self._fan_out = fan_out
        self._serving = serving
        self._encoder = encoder
        self._record = record
        self._observer = observer
        self._pages = pages
        self._limits = limits
        self._behind: set[asyncio.Task[None]] = set()
        self._few = asyncio.Semaphore(READ_BEHIND)

    async def drain(self) -> None:
        """Waits for the records of searches that were answered already."""
        await asyncio.gather(*self._behind, return_exceptions=True)

    async def search(self, request: SearchRequest, index_key: str) -> Answer | None:
        """The answer, or None when the request should pass through: the cluster gave nothing to fall back to."""
        serving = self._serving(index_key)
        key = page_key(request)
        try:
            if request.offset and (known := self._pages.get(key)):
                return await self._continue(request, serving, known)
            if request.offset + request.size <= self._limits.window:
                return await self._first(request, serving, key)
            # a page beyond the window continues an order that has to exist first
            settled = await self._settle(replace(request, offset=0, size=0), serving)
            if not isinstance(settled, Settled):
                return settled
            self._pages.put(key, settled.listing)
            return await self._continue(request, serving, settled.listing)
        except Unreachable:
            self._observer.fallback("cluster")
            return None

    async def _first(self, request: SearchRequest, serving: Serving, key: str) -> Answer | None:
        started = perf_counter()
        settled = await self._settle(request, serving)
        if not isinstance(settled, Settled):
            return settled
        self._pages.put(key, settled.listing)
        try:
            with self._timed("winners"):
                hits = await self._hits(request, serving, settled.listing.keys, settled.own)
        except Unreachable:
            self._observer.fallback("winners")
            return _untouched(request, settled.original, settled.own)
        took_ms = (perf_counter() - started) * 1000
        self._keep(request, serving, settled, hits, took_ms)
        if request.body.get("explain"):
            hits = compose.with_explanations(hits, settled.searched.explanations(serving))
        told = settled.searched.told(serving) if request.explain else None
        return _respond(request, settled.original, hits, settled.listing, took_ms, told)

    async def _settle(self, request: SearchRequest, serving: Serving) -> Settled | Answer | None:
        """Understand, plan, choose, encode, retrieve, fuse and rank. An Answer is the cluster's own page.

        None where the cluster refused the client's query: asked again without us, so that the error is its own.
        """
        with self._timed("choose"):
            same = request.body | {"text": request.text}
            seed = seed_of(self._limits.secret, request.query_id, same, request.target)
            query = serving.analyze(request)
            plans = serving.propose(query, lambda name: self._observer.fallback(f"strategy_{name}"))
            context, draw = serving.draw(query, plans, seed)
        vector = await self._vector(request.text, plans, draw)
        with self._timed("retrieve"):
            preference = _preference(request)
            found = await self._fan_out.retrieve(
                request, plans, draw, vector, serving.hidden, preference, serving.index.id_field
            )
        if found.original.page is None:
            self._observer.fallback("refused")
            return None
        own = {key_of(hit): hit for hit in found.original.page["hits"]["hits"]}
        try:
            ranked = await self._ranked(request, serving, query, found.results, vector)
        except Exception:  # whatever is wrong with a model, the cluster's own order is at hand
            self._observer.fallback("rank")
            return _untouched(request, found.original, own)
        listing = compose.listing(ranked, own, request.query_id)
        return Settled(
            found.original, own, listing, Searched(query, context, draw, found.results, ranked, vector), seed
        )

    async def _ranked(
        self,
        request: SearchRequest,
        serving: Serving,
        query: AnalyzedQuery,
        results: Sequence[PlanResult],
        vector: Vector | None,
    ) -> tuple[Ranked, ...]:
        """Fused, and ordered by the ranker where there is one; waits for the features that its model reads, if any."""
        with self._timed("fuse"):
            candidates = serving.fuse(results)
        depth = self._limits.rank_depth
        awaited = _awaited(request, serving)
        if awaited.features.features:
            with self._timed("features"):
                head = await self._featured(request, candidates[:depth], vector, awaited)
            candidates = [*head, *candidates[depth:]]
        with self._timed("rank"):
            return serving.rank(query, candidates, results, depth)

    async def _featured(
        self, request: SearchRequest, candidates: Sequence[Candidate], vector: Vector | None, logged: Logged
    ) -> list[Candidate]:
        keys, same = [c.key for c in candidates], _preference(request)
        try:
            values = await self._fan_out.features(request, keys, vector, logged, same)
        except Unreachable:
            if logged.otherwise is None:
                raise
            self._observer.fallback("cluster_ranker")
            simpler = Logged(logged.features, logged.otherwise)
            values = await self._fan_out.features(request, keys, vector, simpler, same)
        return [replace(c, features=values.get(c.key, {})) for c in candidates]

    async def _continue(self, request: SearchRequest, serving: Serving, listing: Listing) -> Answer | None:
        """A later page of an order that was settled before: no new draw, no new decision.

        Totals, aggregations and all that follows the re-ranked union still come from the client's own query.
        """
        started = perf_counter()
        within = request.offset + request.size <= self._limits.window
        asked = request if within else replace(request, offset=0, size=0)
        preference = _preference(request)
        found = await self._fan_out.retrieve(asked, (), NOTHING_DRAWN, None, serving.hidden, preference)
        if found.original.page is None:
            return None
        if within:
            own = {key_of(hit): hit for hit in found.original.page["hits"]["hits"]}
            hits = await self._hits(request, serving, listing.followed_by(own), own)
        else:
            hits = await self._fan_out.tail(request, listing.union, serving.hidden, preference)
            hits = compose.scored(hits, request.offset)
        return _respond(request, found.original, hits, listing, (perf_counter() - started) * 1000)

    async def _hits(
        self, request: SearchRequest, serving: Serving, keys: Sequence[DocKey], own: Mapping[DocKey, Json]
    ) -> list[Json]:
        absent = compose.missing(keys, request.offset, request.size, own)
        fetched = await self._fan_out.winners(request, absent, serving.hidden, _preference(request))
        return compose.page_hits(keys, request.offset, request.size, {**own, **fetched})

    async def _vector(self, text: str, plans: Sequence[QueryPlan], draw: Draw) -> Vector | None:
        """The embedding, computed only if a drawn plan needs it; late or failed, those plans have nothing to ask."""
        if self._encoder is None:
            return None
        known = self._encoder.at_hand(text)
        if known is not None or not any(p.vector is VectorUse.NEEDED and draw.depth(p.name) for p in plans):
            return known
        try:
            with self._timed("encode"):
                return await asyncio.wait_for(self._encoder.encode(text), self._limits.deadline_ms / 1000)
        except TimeoutError:
            self._observer.fallback("encode_late")
        except Exception:  # without an embedding the other plans still answer
            self._observer.fallback("encode")
        return None

    def _keep(
        self, request: SearchRequest, serving: Serving, settled: Settled, hits: Sequence[Json], took_ms: float
    ) -> None:
        """Records the search behind its answer; features that the answer did not wait for are read only now."""
        kept = self._recorded(request, serving, settled, hits, took_ms)
        task = asyncio.create_task(kept)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def _recorded(
        self, request: SearchRequest, serving: Serving, settled: Settled, hits: Sequence[Json], took_ms: float
    ) -> None:
        assert settled.original.page is not None
        total = total_of(settled.original.page)
        recorded = partial(decision_of, request, serving, settled.searched, hits, total=total, took_ms=took_ms)
        try:
            decision = recorded(await self._logged(request, serving, settled, hits))
        except Exception:  # the draw and the page are worth keeping without rows
            self._observer.fallback("record")
            decision = recorded(())
        self._observer.searched(decision)
        self._record(decision, request)

    async def _logged(
        self, request: SearchRequest, serving: Serving, settled: Settled, hits: Sequence[Json]
    ) -> Sequence[Candidate]:
        """Whose rows are logged. None where their features were not read: the rows would say that nothing matched."""
        ranked, extra = settled.searched.ranked[: self._limits.rank_depth], self._limits.feature_sample
        kept = kept_rows(ranked, hits, extra, settled.seed)
        if not serving.logged.features.features or _awaited(request, serving) == serving.logged:
            return kept
        if len(self._behind) > MOST_BEHIND:
            self._observer.fallback("features")
            return ()
        try:
            async with self._few:
                return await self._featured(request, kept, settled.searched.vector, serving.logged)
        except Unreachable:
            self._observer.fallback("features")
            return ()

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self._observer.stage(stage, perf_counter() - start)


def _awaited(request: SearchRequest, serving: Serving) -> Logged:
    """What is logged before the answer: what the ranker reads, and everything where the answer is to be explained."""
    return serving.logged if request.body.get("explain") else serving.awaited


def _preference(request: SearchRequest) -> str:
    """The same for all requests of a search and for repeats of it: the same shard copies, the same statistics."""
    return f"ltrr{page_key(request)[:16]}"


def _untouched(request: SearchRequest, original: Original, own: Mapping[DocKey, Json]) -> Answer:
    """The cluster's own page, cut from what was asked of it."""
    assert original.page is not None
    hits = list(own.values())[request.offset : request.offset + request.size]
    page = original.page | {"hits": original.page["hits"] | {"hits": hits}}
    return Answer(200, original.reply.headers, orjson.dumps(page))


def _respond(
    request: SearchRequest,
    original: Original,
    hits: Sequence[Json],
    listing: Listing,
    took_ms: float,
    told: Json | None = None,
) -> Answer:
    assert original.page is not None
    # events for a later page belong to the decision that ordered it (learn/join.py counts them there), unless the
    # client named its own
    named = request.ubi.query_id if request.ubi else None
    query_id = named or listing.query_id
    ext: Json = {"ubi": {"query_id": query_id}} if request.ubi else {}
    if told is not None:
        ext["ltrr"] = told
    body = compose.response(original.page, hits, listing.ranked, took_ms, ext)
    return Answer(200, (*original.reply.headers, (ANSWER_HEADER, query_id.encode())), orjson.dumps(body))
