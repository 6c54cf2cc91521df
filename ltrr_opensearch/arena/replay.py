"""One search replayed: the engine's own pure stages, with the recording where the cluster would be.

What comes out is the decision that a proxy would have logged, and the page that its user would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ltrr_opensearch.answer.listing import listing
from ltrr_opensearch.arena.record import Template, request
from ltrr_opensearch.arena.recording import Recording
from ltrr_opensearch.arena.remembered import remembered_hits
from ltrr_opensearch.chance import seed_of
from ltrr_opensearch.logged import Decision
from ltrr_opensearch.record import Searched, decision_of, kept_rows
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import (
    AnalyzedQuery,
    Asker,
    Candidate,
    Encoded,
    Hit,
    Json,
    Outcome,
    PlanResult,
    QueryPlan,
    Ranked,
    SearchRequest,
)

MEMORY_MS = 1.0
"""Of a plan whose list is computed here, so that no request was timed."""
MEMORY = "memory"
COMPUTED = (MEMORY, "popularity")
"""Sources of plans that name documents by what was learned, which no recording can hold."""


@dataclass(frozen=True, slots=True)
class Limits:
    """As a proxy has them: `serve.rank_depth`, `log.feature_sample`, and the secret that keys the draw."""

    rank_depth: int = 100
    feature_sample: int = 10
    secret: str = "arena"  # noqa: S105  keys nothing but simulated draws


@dataclass(frozen=True, slots=True)
class Replayed:
    """A search as it went. `page`: the documents shown, best first."""

    decision: Decision
    page: tuple[str, ...]
    searched: Searched


@dataclass(frozen=True)
class Replay:
    """Searches of one recorded index under one serving."""

    recording: Recording
    serving: Serving
    template: Template
    limits: Limits = Limits()

    def search(self, text: str, query_id: str, at: datetime, asker: Asker) -> Replayed:
        asked = request(text, self.recording.index, self.template, query_id, at, asker)
        serving = self.serving
        encoded = Encoded(self.recording.queries[text].vector)
        query = serving.analyze(asked)
        plans = serving.propose(query, lambda name: _fail(f"strategy {name}"))
        same = asked.body | {"text": text}
        seed = seed_of(self.limits.secret, query_id, same, asked.target)
        chosen = serving.draw(query, plans, seed, lambda: _fail("the policy"))
        results = [self._asked(text, plan, chosen.draw.depth(plan.name), encoded) for plan in plans]
        ranked, explored = serving.place(asked, self._ranked(text, query, results), chosen.draw, seed)
        searched = Searched(query, chosen, tuple(results), ranked, encoded.dense, explored)
        return self._recorded(asked, searched, seed)

    def _asked(self, text: str, plan: QueryPlan, depth: int, encoded: Encoded) -> PlanResult:
        if depth == 0:
            return PlanResult(plan, 0, Outcome.NOT_ASKED)
        hits = self._hits(text, plan, depth, encoded)
        if hits is None:
            return PlanResult(plan, depth, Outcome.NOTHING_TO_ASK)
        listed = self.recording.queries[text].lists.get(plan.name)
        took_ms = listed.took_ms if listed else MEMORY_MS
        total = listed.total if plan.original and listed else len(hits)
        return PlanResult(plan, depth, Outcome.OK, hits, total, took_ms)

    def _hits(self, text: str, plan: QueryPlan, depth: int, encoded: Encoded) -> tuple[Hit, ...] | None:
        if plan.source in COMPUTED:
            return remembered_hits(plan.clause(depth, encoded), self.recording, depth)
        hits = self.recording.hits(text, plan.name)
        return None if hits is None else hits[:depth]

    def _ranked(self, text: str, query: AnalyzedQuery, results: Sequence[PlanResult]) -> tuple[Ranked, ...]:
        candidates = self.serving.fuse(results)
        depth = self.limits.rank_depth
        if self.serving.awaited.features.features:
            head = [self._featured(text, c) for c in candidates[:depth]]
            candidates = [*head, *candidates[depth:]]
        return self.serving.rank(query, candidates, results, depth)

    def _featured(self, text: str, candidate: Candidate) -> Candidate:
        return replace(candidate, features=self.recording.features(text, candidate.key.id))

    def _recorded(self, asked: SearchRequest, searched: Searched, seed: int) -> Replayed:
        own = [hit.key for hit in self._own(asked.text, asked.size)]
        page = listing(searched.ranked, own, asked.query_id).keys[: asked.size]
        hits: list[Json] = [{"_index": key.index, "_id": key.id} for key in page]
        kept = kept_rows(searched.ranked[: self.limits.rank_depth], hits, self.limits.feature_sample, seed)
        kept = [self._featured(asked.text, c) for c in kept]
        listed = self.recording.queries[asked.text].lists.get("original")
        total = listed.total if listed else 0
        decided = partial(decision_of, asked, self.serving, searched, hits, {}, kept)
        return Replayed(decided(total=total, took_ms=0.0), tuple(key.id for key in page), searched)

    def _own(self, text: str, size: int) -> Sequence[Hit]:
        """The client's own page, which follows the union."""
        own = next((s.name for s in self.serving.index.strategies if s.use == "original"), None)
        hits = self.recording.hits(text, own) if own else None
        return (hits or ())[:size]


def _fail(what: str) -> None:
    raise RuntimeError(f"{what} failed in the arena")
