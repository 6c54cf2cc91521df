"""One search, from the client's request to its answer. Each line of `Engine._settled` is a stage.

The client's own query is always part of what is asked, so whatever fails in our part ends in the cluster's own
answer, counted by reason. Nothing here knows HTTP or OpenSearch's query language.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from time import perf_counter

from ltrr_opensearch.answer import compose
from ltrr_opensearch.answer.listing import listing
from ltrr_opensearch.answer.pages import page_key
from ltrr_opensearch.answer.why import to_json
from ltrr_opensearch.behind import Behind, Observer, Recorder
from ltrr_opensearch.chance import place_of, seed_of, uniform
from ltrr_opensearch.encoding import Encoding, TextEncoder
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.experiment.both import deepest
from ltrr_opensearch.explaining import Explaining
from ltrr_opensearch.logged import TRIAL
from ltrr_opensearch.ordering import Ordering, timed
from ltrr_opensearch.own_page import OwnPage, respond
from ltrr_opensearch.paging.orders import Before, Orders
from ltrr_opensearch.paging.walk import later, within
from ltrr_opensearch.record import Searched, Settled
from ltrr_opensearch.retrieve.fan_out import FanOut, Original, sent
from ltrr_opensearch.retrieve.sending import key_of
from ltrr_opensearch.rules.book import RuleBook
from ltrr_opensearch.ruling import Ruling
from ltrr_opensearch.serving import Asked, Chosen, Serving
from ltrr_opensearch.stages import Pairs, Stages
from ltrr_opensearch.trials import part_of
from ltrr_opensearch.types import (
    Answer,
    SearchRequest,
    SparseVector,
    Vector,
)

USUAL_WINDOW = 10_000
"""OpenSearch's default `index.max_result_window`: only beyond it the cluster is asked whether a page may be had."""
OF_NOBODY = 2**32
"""A position beyond any slot's, so that the place of a search says nothing of its draw."""
DRAWN_ALIKE_S = 600
"""A caller that repeats a search within such a stretch of time, without a query_id of its own, gets the same draw."""


@dataclass(frozen=True, slots=True)
class Limits:
    deadline_ms: float
    rank_depth: int
    secret: str
    feature_sample: int
    explain_ms: float
    """Longest wait for what moved the scores of a page that is explained."""


class Engine:
    """`serving` and `rules` give what is in force for an index key, `record` takes decisions; none may block."""

    def __init__(
        self,
        fan_out: FanOut,
        serving: Callable[[str], Serving],
        encoder: TextEncoder[Vector] | None,
        record: Recorder,
        observer: Observer,
        orders: Orders,
        limits: Limits,
        rules: Callable[[str], RuleBook | None] = lambda _key: None,
        pairs: Mapping[str, Pairs] | None = None,
        sparse: TextEncoder[SparseVector] | None = None,
    ) -> None:
        self._fan_out = fan_out
        self._serving = serving
        self._encoding = Encoding(encoder, sparse, observer, limits.deadline_ms)
        self._observer = observer
        self._orders = orders
        self._limits = limits
        self._rules = rules
        stages = Stages(fan_out, observer, limits.deadline_ms, pairs or {})
        self._ordering = Ordering(fan_out, observer, limits.rank_depth, stages)
        self._explaining = Explaining(observer, limits.rank_depth, limits.explain_ms)
        self._own_page = OwnPage(fan_out, observer, orders)
        self._behind = Behind(fan_out, record, observer, limits.rank_depth, limits.feature_sample)

    async def drain(self) -> None:
        """Waits for the records of searches that were answered already."""
        await self._behind.drain()

    async def search(self, request: SearchRequest, index_key: str) -> Answer | None:
        """The answer, or None when the request should pass through: the cluster gave nothing to fall back to."""
        asked = self._asked(request, self._serving(index_key))
        try:
            if request.offset + request.size > USUAL_WINDOW and await self._too_far(asked):
                return None
            return await (self._later(asked) if request.offset else self._first(asked))
        except Unreachable:
            self._observer.fallback("cluster")
            return None

    def _asked(self, request: SearchRequest, serving: Serving) -> Asked:
        if serving.index.only_original_matches and (own := request.body.get("query")):
            request = replace(request, filters=(*request.filters, own))
        part = part_of(serving, request.asker, self._limits.secret)
        if not part.explores:
            request = replace(request, asker=replace(request.asker, explore=False))
        key = page_key(request, self._limits.secret)
        named = request.ubi.query_id if request.ubi else None
        search = named or f"{key} {request.at.timestamp() // DRAWN_ALIKE_S:.0f}"
        same = request.body | {"text": request.text}
        seed = seed_of(self._limits.secret, search, same, request.target)
        place = self._place(request, serving.key, seed)
        rivals = tuple(one.of(place) for one in part.rivals)
        asked = Asked(request, part.serving.of(place), key, seed, rivals, part.trial)
        book = self._rules(serving.key)
        return asked.under(book.met_by(request.text, request.at)) if book else asked

    def _place(self, request: SearchRequest, key: str, seed: int) -> float:
        """Where who asks stands when people are told apart; of whom nothing is said, the search itself."""
        person = request.asker.person
        return place_of(self._limits.secret, key, person) if person else uniform(seed, OF_NOBODY)

    async def _too_far(self, asked: Asked) -> bool:
        """Whether the cluster refuses the page, as it does past `index.max_result_window`; asked before all else."""
        refused = (await asked.documents(self._fan_out).rest(())).status != HTTPStatus.OK
        if refused:
            self._observer.fallback("refused")
        return refused

    async def _first(self, asked: Asked) -> Answer | None:
        request, serving = asked.request, asked.serving
        started = perf_counter()
        before = self._orders.look(asked.key)
        settled = await self._settle(asked, before)
        if not isinstance(settled, Settled):
            return settled
        own, documents = settled.own, asked.documents(self._fan_out)
        try:
            with self._timed("winners"):
                # the client has not asked for these, and does not wait for them when they hang
                async with asyncio.timeout(self._limits.deadline_ms / 1000):
                    more, page = await asyncio.gather(
                        settled.more,
                        within(
                            documents,
                            settled.listing,
                            {**settled.brought, **own},
                            self._orders.most,
                            complete=len(own) < request.size,
                        ),
                    )
        except (Unreachable, TimeoutError):
            self._observer.fallback("winners")
            return await self._own_page.answer(asked, settled.original, own, before, settled.moving)
        finally:
            settled.more.cancel()
        more_pages = len(own) >= request.size or len(page.listing.keys) > request.size
        await self._orders.begin(asked.key, page.listing, before, paged=more_pages)
        took_ms = (perf_counter() - started) * 1000
        self._behind.keep(asked, settled, page.hits, took_ms)
        hits = page.hits
        if not (request.explain or request.body.get("explain")):
            return respond(request, settled.original, hits, settled.listing.query_id, more, took_ms, None)
        whys = await self._explaining.why(settled.searched, serving, hits)
        if request.body.get("explain"):
            hits = compose.with_explanations(hits, whys)
        told = settled.searched.told(serving, hits) | {"hits": list(map(to_json, whys))} if request.explain else None
        return respond(request, settled.original, hits, settled.listing.query_id, more, took_ms, told)

    async def _later(self, asked: Asked) -> Answer | None:
        """A later page of an order that was settled before, on whichever proxy: no new draw, no new decision.

        Totals, aggregations and all that follows the re-ranked union come from the client's own query.
        """
        request = asked.request
        started = perf_counter()
        with self._timed("order"):
            known = await self._orders.known(asked.key)
        if known is None:
            first = asked.before_its_pages
            settled = await self._settle(first)
            if not isinstance(settled, Settled):
                return None
            known = settled.listing
            self._orders.adopt(asked.key, known)
            self._behind.keep(first, settled, (), (perf_counter() - started) * 1000)
        with self._timed("page"):
            found = await later(asked.documents(self._fan_out), known, self._orders.most)
        if found.rest is None:
            self._observer.fallback("refused")
            return None
        if found.page.listing is not known:
            await self._orders.extend(asked.key, found.page.listing)
        hits, query_id = found.page.hits, known.query_id
        self._behind.keep_later(asked, query_id, hits)
        if request.body.get("explain"):
            hits = compose.with_places(hits, request.offset, query_id)
        took_ms = (perf_counter() - started) * 1000
        told = {"continues": query_id, "union": known.ranked} if request.explain else None
        original = Original(found.reply, found.rest, took_ms)
        return respond(request, original, hits, query_id, found.more, took_ms, told)

    async def _settle(self, asked: Asked, before: Before = None) -> Settled | Answer | None:
        """What the query meets of rules is read beside its plans."""
        if not asked.rules:
            return await self._settled(asked, before)
        failed = partial(self._observer.fallback, "rules")
        async with Ruling(asked.rules, asked.documents(self._fan_out), self._limits.deadline_ms, failed) as ruling:
            return await self._settled(asked, before, ruling)

    async def _settled(
        self, asked: Asked, before: Before = None, ruling: Ruling | None = None
    ) -> Settled | Answer | None:
        """Understand, plan, choose, encode, retrieve, fuse and rank. An Answer is the cluster's own page.

        None where the cluster refused the client's query: asked again without us, so that the error is its own.
        """
        request, serving = asked.request, asked.serving
        with self._timed("choose"):
            query = serving.analyze(request)
            plans = serving.propose(query, lambda name: self._observer.fallback(f"strategy_{name}"))
            drawn = [
                one.serving.draw(query, plans, asked.seed, lambda: self._observer.fallback("policy"))
                for one in asked.systems
            ]
            chosen = drawn[0] if not asked.rivals else Chosen(drawn[0].context, deepest([d.draw for d in drawn]), TRIAL)
        encoded = await self._encoding.of(request.text, plans, chosen.draw)
        with self._timed("retrieve"):
            found = await self._fan_out.retrieve(
                request, plans, chosen.draw, encoded, serving.hidden, asked.preference, serving.index.id_field
            )
        self._observer.retrieved(found.results)
        if found.original.page is None:
            self._observer.fallback("refused")
            return None
        own = {key_of(hit): hit for hit in found.original.page["hits"]["hits"]}
        pins = await ruling.pins() if ruling else []
        more = asyncio.create_task(self._own_page.lacking(asked, found, pins))
        if ruling:
            ruling.mark(found, own)
        try:
            await sent()
            ranked, teams, stages = await self._ordering.ordered(
                asked, query, [d.draw for d in drawn], found.results, encoded.dense
            )
            # interleaved teams are not to be moved; nor do their systems explore
            order, explored = (ranked, None) if teams else serving.place(request, ranked, chosen.draw, asked.seed)
            under = await ruling.ordered(order, own, explored, ranked) if ruling else None
        except asyncio.CancelledError:
            more.cancel()
            raise
        except Exception:  # whatever is wrong with a model, the cluster's own order is at hand
            more.cancel()
            self._observer.fallback("rank")
            return await self._own_page.answer(
                asked, found.original, own, before, await ruling.moving() if ruling else None
            )
        met = tuple(rule.id for rule in asked.rules)
        searched = Searched(
            query, chosen, found.results, order, encoded.dense, explored, asked.trial, teams, met, stages=stages
        )
        listed = listing(order, own, request.query_id)
        settled = Settled(found.original, own, found.documents(), listed, searched, more)
        return settled.under(under) if under else settled

    def _timed(self, stage: str) -> AbstractContextManager[None]:
        return timed(self._observer, stage)
