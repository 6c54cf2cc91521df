"""What a search leaves behind: its `Decision`, complete enough to replay it, learn from it and explain it. Pure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.answer.listing import Listing
from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.log.ubi import value_at
from ltrr_opensearch.logged import CandidateRecord, Decision, LaterShown, Placed, Ruled, SlotRecord, Trial
from ltrr_opensearch.rank.rows import sparse
from ltrr_opensearch.retrieve.fan_out import Original
from ltrr_opensearch.retrieve.sending import key_of
from ltrr_opensearch.ruling import Moving, UnderRules
from ltrr_opensearch.serving import Chosen, Serving
from ltrr_opensearch.types import (
    NAME,
    AnalyzedQuery,
    Candidate,
    DocKey,
    Features,
    Json,
    PlanResult,
    Ranked,
    Reading,
    SearchRequest,
    SlotDraw,
    SlotValue,
    Vector,
)


class Stage(NamedTuple):
    """The order that a stage made of the ranked candidates, as far as it looked."""

    name: str
    keys: tuple[DocKey, ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """One search as it went: what was known, drawn, found and ranked."""

    query: AnalyzedQuery
    chosen: Chosen
    results: tuple[PlanResult, ...]
    ranked: tuple[Ranked, ...]
    vector: Vector | None
    placed: Placed | None = None
    trial: Trial | None = None
    teams: Mapping[DocKey, str] = field(default_factory=dict)
    """The arm that picked each document, where two arms were interleaved."""
    rules: tuple[str, ...] = ()
    """Ids of the rules that the query met."""
    ruled: tuple[Ruled, ...] = ()
    stages: tuple[Stage, ...] = ()
    """What made an order after the ranker, and the orders: that of the ranker is the first, where there are any."""

    def told(self, serving: Serving, hits: Sequence[Json]) -> Json:
        """Why this page, for a client that asked: what was understood, drawn and found.

        In the client's own words: what others asked and what the index holds may be none of its business. So a reading
        is told only where its values stand in the `hits` of this page.
        """
        drawn = zip(self.chosen.draw.slots, self.results, strict=True)
        return {
            "release": serving.release,
            "policy": self.chosen.draw.policy,
            "ranker": serving.ranker_name,
            "readings": [
                {
                    "slots": self._asked_of(r),
                    "residual": r.residual,
                    "likelihood": r.likelihood,
                    **({"entity": r.entity} if r.entity else {}),
                }
                for r in self.query.readings
                if all(_seen(slot, hits, serving.index.entities) for slot in r.slots)
            ],
            "remembered": [{"similarity": r.similarity, "entities": len(r.entities)} for r in self.query.remembered],
            "plans": [
                {
                    "plan": d.slot.plan,
                    "depth": d.depth,
                    "pmf": dict(zip(map(str, d.slot.ladder), d.pmf, strict=True)),
                    "outcome": r.outcome,
                    "found": min(len(r.hits), r.depth),
                    "took_ms": round(r.took_ms, 1),
                }
                for d, r in drawn
            ],
            "union": len(self.ranked),
            **({"rules": list(self.rules)} if self.rules else {}),
            **({"placed": {"rank": self.placed.rank, "of": self.placed.key.id}} if self.placed else {}),
            **self._told_of_trial(hits),
        }

    def _told_of_trial(self, hits: Sequence[Json]) -> Json:
        """The experiment that a search is part of, and which arm picked each hit of its page."""
        if self.trial is None:
            return {}
        teams = {"teams": [self.teams.get(key_of(hit)) for hit in hits]} if self.teams else {}
        return {"experiment": {k: v for k, v in asdict(self.trial).items() if v} | teams}

    def _asked_of(self, reading: Reading) -> dict[str, str]:
        """The words of the query that a reading takes for a value, by field, or for a name, by type."""
        return {s.about: " ".join(self.query.tokens[s.start : s.end]) for s in reading.slots}

    def rows(self, serving: Serving, candidates: Sequence[Candidate]) -> dict[DocKey, Features]:
        """The rankers' rows of candidates, as they are logged."""
        matrix = serving.rows(self.query, candidates, self.results, serving.columns)
        return {c.key: sparse(row, serving.columns) for c, row in zip(candidates, matrix, strict=True)}


@dataclass(frozen=True, slots=True)
class Settled:
    """A search that was asked and ranked, before its page is made.

    `own` are the client's own hits, in their order; `brought` further documents that plans brought in its form.
    """

    original: Original
    own: Mapping[DocKey, Json]
    brought: Mapping[DocKey, Json]
    listing: Listing
    searched: Searched
    more: asyncio.Future[int]
    """How many hits the client's own total lacks; it is being counted while we rank."""
    moving: Moving | None = None
    """What rules move, whatever order there is."""

    def under(self, under: UnderRules) -> Settled:
        """The same under rules. A place that a rule gave is no team's merit."""
        searched = self.searched
        teams = {key: team for key, team in searched.teams.items() if key not in under.moving.moves.keys}
        searched = replace(searched, ranked=under.ranked, placed=under.placed, teams=teams, ruled=under.ruled)
        brought = {**self.brought, **under.moving.brought}
        return replace(self, brought=brought, listing=under.order, searched=searched, moving=under.moving)


def _seen(slot: SlotValue, hits: Sequence[Json], entities: EntitySettings | None) -> bool:
    """Whether a document that the caller got has the slot's value, in a field that may hold it."""
    fields = entities.borne_in(slot.entity) if entities and slot.kind == NAME else (slot.field,)
    # in the source, the value of `colour.keyword` stands under `colour`
    paths = dict.fromkeys(path for field in fields for path in (field, field.rpartition(".")[0]) if path)
    values = (value_at(hit.get(part), path) for hit in hits for part in ("_source", "fields") for path in paths)
    return any(slot.holds(v) for value in values for v in (value if isinstance(value, list) else [value]))


def kept_rows(ranked: Sequence[Ranked], hits: Sequence[Json], extra: int, seed: int) -> list[Candidate]:
    """Whose rows are logged: what was shown, and `extra` others by chance, to show what was passed over."""
    shown = set(map(key_of, hits))
    found = [r.candidate for r in ranked if r.candidate.found]  # a rule may have brought others
    page = [c for c in found if c.key in shown]
    others = [c for c in found if c.key not in shown]
    chosen = np.random.default_rng(seed).permutation(len(others))[:extra]
    return page + [others[i] for i in chosen]


def decision_of(
    request: SearchRequest,
    serving: Serving,
    searched: Searched,
    hits: Sequence[Json],
    names: Mapping[DocKey, str],
    kept: Sequence[Candidate],
    *,
    total: int,
    took_ms: float,
) -> Decision:
    """The record of a search whose page shows `hits`; rows are logged for the candidates `kept`.

    `names`: what events name documents by, where that is not `_id`.
    """
    logged = searched.rows(serving, kept) if kept else {}
    found = {r.candidate.key: r.candidate.found for r in searched.ranked}
    candidates = tuple(
        CandidateRecord(key, found.get(key, ()), logged.get(key), names.get(key), searched.teams.get(key))
        for key in _as_shown(found, list(map(key_of, hits)), request.offset)
    )
    return Decision(
        query_id=request.query_id,
        at=request.at,
        index=serving.key,
        text=request.text,
        normalized=searched.query.normalized,
        language=searched.query.language,
        asker=request.asker,
        phase=serving.phase,
        policy=searched.chosen.draw.policy,
        ranker=serving.ranker_name,
        release=serving.release,
        context=searched.chosen.context,
        ladder=serving.choose.ladder,
        slots=tuple(slot_record(d, r) for d, r in zip(searched.chosen.draw.slots, searched.results, strict=True)),
        candidates=candidates,
        offset=request.offset,
        shown=len(hits),
        total=total,
        took_ms=took_ms,
        parent_query_id=request.parent_query_id,
        placed=searched.placed,
        group=searched.chosen.group,
        shadow=searched.chosen.shadow,
        trial=searched.trial,
        rules=searched.rules,
        ruled=searched.ruled,
    )


def later_shown(request: SearchRequest, query_id: str, hits: Sequence[Json], names: Mapping[DocKey, str]) -> LaterShown:
    """A later page of the search `query_id`; the client may have named it otherwise, and so will its events."""
    named = request.ubi.query_id if request.ubi else None
    return LaterShown(
        query_id=named or query_id,
        continues=query_id,
        at=request.at,
        text=request.text,
        asker=request.asker,
        offset=request.offset,
        objects=tuple(names.get(key_of(hit), str(hit["_id"])) for hit in hits),
        ids=tuple(str(hit["_id"]) for hit in hits),
    )


def _as_shown(union: Iterable[DocKey], page: Sequence[DocKey], offset: int) -> list[DocKey]:
    """The union in its order, but at `offset` the page as people saw it.

    A winner that vanished closed the page up, and the page may hold hits that no drawn plan found.
    """
    shown = set(page)
    rest = [key for key in union if key not in shown]
    return [*rest[:offset], *page, *rest[offset:]]


def slot_record(draw: SlotDraw, result: PlanResult) -> SlotRecord:
    """A slot as it is logged: what was drawn, and what came of it."""
    return SlotRecord(
        plan=draw.slot.plan,
        strategy=draw.slot.strategy,
        source=draw.slot.source,
        action=draw.slot.action,
        feasible=draw.slot.feasible,
        pmf=draw.pmf,
        depth=draw.depth,
        probability=draw.probability,
        outcome=result.outcome,
        found=min(len(result.hits), result.depth),
        total=result.total,
        took_ms=result.took_ms,
        original=result.plan.original,
    )
