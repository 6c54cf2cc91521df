"""Asking concurrently. A late plan is cut off and is an outcome; the client's own query is always waited for.

Separate `_search` requests, because an `_msearch` answers when its slowest item does. Cancelling closes connections,
which makes OpenSearch cancel the searches behind them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import orjson

from ltrr_opensearch.cluster.feature_logging import FeatureLogging
from ltrr_opensearch.cluster.upstream import Reply
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.rank.feature_sets import FeatureSet
from ltrr_opensearch.retrieve import bodies
from ltrr_opensearch.retrieve.collapse import collapse_field, one_each
from ltrr_opensearch.retrieve.documents import Documents
from ltrr_opensearch.retrieve.objects import object_ids
from ltrr_opensearch.retrieve.sending import Sender, key_of, reason_of, send_search
from ltrr_opensearch.types import (
    DocKey,
    Draw,
    Encoded,
    Features,
    Hit,
    Json,
    Outcome,
    PlanResult,
    QueryPlan,
    SearchRequest,
    Vector,
)

WORTH_A_REQUEST = 20
"""Hits below the client's page from which on a request for their ids costs less than their documents would."""


_new = tuple.__new__
"""Makes a named tuple for a third of what its own constructor takes; a search makes several hundred."""


@dataclass(frozen=True, slots=True)
class Logged:
    """Which features are logged, and in which of the two ways this cluster logs them."""

    features: FeatureSet
    way: FeatureLogging
    otherwise: FeatureLogging | None = None
    """A way that needs less, for when the cluster refuses the first."""
    id_field: str | None = None
    """Where ids are read from; None with the LTR plugin, whose log is known only beside stored fields."""


@dataclass(frozen=True, slots=True)
class Original:
    """The client's own query as answered. `page` is its whole response, None when that is an error."""

    reply: Reply
    page: Json | None
    took_ms: float


@dataclass(frozen=True, slots=True)
class Retrieved:
    original: Original
    results: tuple[PlanResult, ...]

    def keys(self, *, original: bool = False) -> tuple[DocKey, ...]:
        """What the drawn plans brought, or of them the client's own query alone; each once."""
        results = (r for r in self.results if r.plan.original or not original)
        return tuple(dict.fromkeys(hit.key for r in results for hit in r.hits[: r.depth]))

    def documents(self) -> dict[DocKey, Json]:
        """The hits that came in the client's form, beside those of its own page."""
        return {hit.key: hit.raw for r in self.results if r.documents for hit in r.hits}


@dataclass(frozen=True, slots=True)
class Form:
    """How a plan's hits are asked for: as ids, read from `id_field` where that is set, or as documents."""

    id_field: str | None = None
    below: int = 0
    """Hits from the first that are left out: the client's own page, asked for by another request."""
    hidden: Sequence[str] | None = None
    """Set for documents in the client's form: the fields that these lack."""

    def body(self, request: SearchRequest, clause: Json, depth: int) -> Json:
        if self.hidden is not None:
            return bodies.documents_body(request, clause, depth, self.hidden)
        return bodies.plan_body(request, clause, depth, self.id_field, self.below)


async def sent() -> None:
    """Lets tasks that were just made send their requests before we go on: one turn to run, one for uvloop to write."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


class FanOut:
    """Sends the searches of one search. Stateless but for the connection pool behind `sender`."""

    def __init__(self, sender: Sender, deadline_ms: float) -> None:
        self._sender = sender
        self._deadline_s = deadline_ms / 1000

    async def retrieve(
        self,
        request: SearchRequest,
        plans: Sequence[QueryPlan],
        draw: Draw,
        encoded: Encoded,
        hidden: Sequence[str],
        preference: str,
        id_field: str | None = None,
    ) -> Retrieved:
        """All plans that were drawn, and the client's own query. `id_field` repeats the documents' `_id`."""
        # hits without stored fields do not tell their routing
        by = None if any(name == "routing" for name, _ in request.params) else id_field
        own = next((p for p in plans if p.original), None)
        depth = draw.depth(own.name) if own else 0
        page = request.offset + request.size
        below = page if depth - page >= WORTH_A_REQUEST and "query" in request.body else 0
        whole = asyncio.create_task(self._original(request, page if below else max(page, depth), hidden, preference))
        others = [p for p in plans if draw.depth(p.name) and (below or not p.original)]
        tasks = [
            asyncio.create_task(
                self._plan(
                    request, p, draw.depth(p.name), encoded, preference, _form(request, p, draw, below, by, hidden)
                )
            )
            for p in others
        ]
        try:
            results = await self._within_deadline(others, tasks, draw)
            original = await whole
        finally:
            for task in (whole, *tasks):
                task.cancel()
        if own is not None:
            results[own.name] = _own_result(own, depth, original, results.get(own.name))
        found = [results.get(p.name) or PlanResult(p, 0, Outcome.NOT_ASKED) for p in plans]
        if original.page and (field := collapse_field(request)):
            found = one_each(found, _hits(original.page), field)
        return Retrieved(original, tuple(found))

    async def _within_deadline(
        self, plans: Sequence[QueryPlan], tasks: Sequence[asyncio.Task[PlanResult]], draw: Draw
    ) -> dict[str, PlanResult]:
        if tasks:
            await asyncio.wait(tasks, timeout=self._deadline_s)
        late_ms = self._deadline_s * 1000
        return {
            plan.name: task.result()
            if task.done()
            else PlanResult(plan, draw.depth(plan.name), Outcome.TIMED_OUT, took_ms=late_ms)
            for plan, task in zip(plans, tasks, strict=True)
        }

    async def _original(self, request: SearchRequest, depth: int, hidden: Sequence[str], preference: str) -> Original:
        body = bodies.original_body(request, max(request.offset + request.size, depth), hidden)
        start = perf_counter()
        reply = await self._send(request, body, bodies.original_params(request, preference))
        page = orjson.loads(reply.body) if reply.status == 200 else None
        return Original(reply, page, (perf_counter() - start) * 1000)

    async def _plan(
        self, request: SearchRequest, plan: QueryPlan, depth: int, encoded: Encoded, preference: str, form: Form
    ) -> PlanResult:
        """One plan's hits, in their order."""
        start = perf_counter()
        try:
            clause = plan.clause(depth, encoded)
            if clause is None:
                return PlanResult(plan, depth, Outcome.NOTHING_TO_ASK)
            params = bodies.plan_params(request, preference)
            reply = await self._send(request, form.body(request, clause, depth), params)
            hits = _thin_hits(reply, form.id_field)
            if hits is None and form.id_field and reply.status in (200, 400):  # a document lacks the field, or all do
                reply = await self._send(request, replace(form, id_field=None).body(request, clause, depth), params)
                hits = _thin_hits(reply, None)
        except Unreachable as error:
            return PlanResult(plan, depth, Outcome.FAILED, error=str(error))
        except Exception as error:  # whatever a strategy's clause does, the other plans answer
            return PlanResult(plan, depth, Outcome.FAILED, error=repr(error))
        took_ms = (perf_counter() - start) * 1000
        if hits is None:
            return PlanResult(plan, depth, Outcome.FAILED, took_ms=took_ms, error=reason_of(reply))
        return PlanResult(plan, depth, Outcome.OK, hits, len(hits), took_ms, documents=form.hidden is not None)

    async def features(
        self, request: SearchRequest, keys: Sequence[DocKey], vector: Vector | None, logged: Logged, preference: str
    ) -> dict[DocKey, Features]:
        """The feature values of documents, by the caller's own eyes; one that is gone is not in the answer.

        One request for the union, instead of logging in every plan's own: each feature costs a request 0.2 to 0.3 ms
        whatever its hits, and plans overlap (three plans of 50 with ten features: 12 ms instead of 14).
        """
        if not keys or not logged.features.features:
            return {}
        by = None if any(k.routing for k in keys) else logged.id_field
        body = bodies.features_body(request, keys, by)
        params = bodies.plan_params(request, preference)
        body, params = logged.way.instrument(body, params, logged.features, request.text, vector)
        try:
            reply = await asyncio.wait_for(self._send(request, body, params), self._deadline_s)
        except TimeoutError as late:
            raise Unreachable(f"logging features of {len(keys)} documents took over {self._deadline_s:g} s") from late
        hits = _thin_hits(reply, by)
        if hits is None and by is not None:
            return await self.features(request, keys, vector, replace(logged, id_field=None), preference)
        if hits is None:
            raise Unreachable(f"logging features of {len(keys)} documents failed: {reason_of(reply)}")
        return {hit.key: logged.way.read(hit.raw, logged.features) for hit in hits}

    async def objects(
        self, request: SearchRequest, keys: Sequence[DocKey], field: str, preference: str
    ) -> dict[DocKey, str]:
        """What events name these documents by, by the caller's own eyes."""
        return await object_ids(self._sender, request, keys, field, preference, self._deadline_s)

    def documents(self, request: SearchRequest, hidden: Sequence[str], preference: str) -> Documents:
        """What the page of this search needs beside the plans."""
        return Documents(self._sender, request, hidden, preference)

    async def _send(self, request: SearchRequest, body: Json, params: Mapping[str, str]) -> Reply:
        return await send_search(self._sender, request, body, params)


def _form(
    request: SearchRequest, plan: QueryPlan, draw: Draw, below: int, id_field: str | None, hidden: Sequence[str]
) -> Form:
    if plan.original:
        return Form(id_field, below)
    return Form(hidden=hidden) if bodies.brings_documents(request, draw.depth(plan.name)) else Form(id_field)


def _hits(page: Json) -> tuple[Hit, ...]:
    raws = page["hits"]["hits"]
    return tuple([Hit(key_of(r), rank, float(r.get("_score") or 0.0), r) for rank, r in enumerate(raws, start=1)])


def _thin_hits(reply: Reply, id_field: str | None) -> tuple[Hit, ...] | None:
    """The hits of a plan; None where it failed, or a hit does not tell its id."""
    if reply.status != 200:
        return None
    page = orjson.loads(reply.body)
    if id_field is None:
        return _hits(page)
    raws = enumerate(page["hits"]["hits"], start=1)
    try:
        return tuple(
            [
                _new(
                    Hit,
                    (_new(DocKey, (r["_index"], r["fields"][id_field][0], None)), rank, float(r["_score"] or 0.0), r),
                )
                for rank, r in raws
            ]
        )
    except KeyError:
        return None


def total_of(page: Json) -> int:
    """`hits.total`, whichever form was asked for; 0 where it is not tracked."""
    total = page["hits"].get("total", 0)
    return int(total["value"] if isinstance(total, dict) else total)


def _own_result(plan: QueryPlan, depth: int, original: Original, below: PlanResult | None) -> PlanResult:
    """The client's own query as a plan: its page, and what a request of its own brought from below that."""
    if original.page is None:
        return PlanResult(plan, depth, Outcome.FAILED, took_ms=original.took_ms, error=reason_of(original.reply))
    hits, total = _hits(original.page)[:depth], total_of(original.page)
    if below is None:
        return PlanResult(plan, depth, Outcome.OK if depth else Outcome.NOT_ASKED, hits, total, original.took_ms)
    seen = {hit.key for hit in hits}  # a refresh between both requests may have moved a document down
    more = [hit for hit in below.hits if hit.key not in seen][: depth - len(hits)]
    hits += tuple(hit._replace(rank=rank) for rank, hit in enumerate(more, start=len(hits) + 1))
    took_ms = max(original.took_ms, below.took_ms)
    return PlanResult(plan, depth, below.outcome, hits, total, took_ms, below.error)
