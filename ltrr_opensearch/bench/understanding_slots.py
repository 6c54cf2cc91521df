"""What is claimed of slots: 200 queries read as people meant them, structured search beside text search on queries that
people judged, and a million values understood within milliseconds.

Nothing is tuned on the judged queries: they are asked once, with the strategy's defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.intended import Intended, Tally, intended_queries, is_meant, tally
from ltrr_opensearch.bench.many_values import VALUES, measure_many
from ltrr_opensearch.bench.ranking_world import own_query
from ltrr_opensearch.bench.recorded import arena_stack
from ltrr_opensearch.bench.slots_world import SlotsWorld, slots_world
from ltrr_opensearch.demo.progress import bar, waiting
from ltrr_opensearch.evaluate.measures import Difference, mean, paired_difference, per_query
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.logged import Judgment
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.plan.text import TextOptions, text_query
from ltrr_opensearch.types import Encoded

DEPTH = 50
RRF_CONSTANT = 60
QUICK_VALUES = 50_000
MAIN, JUDGED = "nDCG@10", "Judged@10"
TARGET_SLOTS, TARGET_READINGS, TARGET_GAIN = 0.90, 0.95, 0.02

Lists = Mapping[str, Sequence[str]]


def measure(console: Console, quick: bool) -> list[Figure]:
    with arena_stack() as stack:
        world = slots_world(console, stack)
        found = [*read_as_meant(world), *searched(console, world)]
    with waiting(console, "A million values") as say:
        return [*found, *measure_many(say, QUICK_VALUES if quick else VALUES)]


def read_as_meant(world: SlotsWorld) -> list[Figure]:
    """F1 of the likeliest reading's slots, in all and by class, and without the shop's synonyms."""
    asked = intended_queries()
    by = _tallies(world, asked, world.knowledge)
    plain = _tallies(world, asked, world.without_synonyms)["all"]
    ambiguous = [q for q in asked if q.kind == "ambiguous"]
    first = [any(is_meant(r, q) for r in world.read(q.query).readings[:3]) for q in ambiguous]
    runs = len(asked)
    return [
        Figure("slots right, F1", by["all"].f1, "", ("without synonyms", plain.f1), TARGET_SLOTS, runs=runs),
        *(Figure(f"slots right, F1: {kind}", of.f1, "") for kind, of in sorted(by.items()) if kind != "all"),
        Figure("slots right, precision", by["all"].right / by["all"].found, ""),
        Figure("slots right, recall", by["all"].right / by["all"].meant, "", None, TARGET_SLOTS),
        Figure("ambiguous: intended among the first three", sum(first) / len(first), "", None, TARGET_READINGS),
    ]


def _tallies(world: SlotsWorld, asked: Sequence[Intended], knowledge: Knowledge) -> dict[str, Tally]:
    totals: dict[str, Tally] = {}
    for query in asked:
        one = tally(world.read(query.query, knowledge).readings[0], query)
        for kind in (query.kind, "all"):
            so_far = totals.get(kind, Tally(0, 0, 0))
            totals[kind] = Tally(so_far.meant + one.meant, so_far.found + one.found, so_far.right + one.right)
    return totals


@dataclass(frozen=True)
class Searched:
    """Ids by judged query. `residual`, `whole`: the same text query without slots, of the left-over text and of all."""

    slots: Lists
    residual: Lists
    whole: Lists
    own: Lists


def searched(console: Console, world: SlotsWorld) -> list[Figure]:
    judged = sorted(q for q, of in world.grades.items() if max(of.values()) > 0)
    with bar(console, "Structured search", len(judged)) as done:
        found = _search(world, judged, done)
    judgments = [Judgment(q, id, g) for q in judged for id, g in world.grades[q].items()]
    values = {name: per_query(judgments, of, (MAIN,))[MAIN] for name, of in vars(found).items()}
    union = {q: _fused(found.own[q], found.whole[q], found.slots[q]) for q in found.slots}
    text_union = {q: _fused(found.own[q], found.whole[q]) for q in found.slots}
    fused, plain = (per_query(judgments, of, (MAIN,))[MAIN] for of in (union, text_union))
    rated = {name: _rated_only(world, of) for name, of in (("slots", found.slots), ("whole", found.whole))}
    condensed = {name: per_query(judgments, of, (MAIN,))[MAIN] for name, of in rated.items()}
    seen = {name: per_query(judgments, vars(found)[name], (JUDGED,))[JUDGED] for name in rated}
    reach = [_reached(world, q, union[q]) for q in union], [_reached(world, q, text_union[q]) for q in union]
    with_slots, without = (dict(zip(union, of, strict=True)) for of in reach)
    return [
        _gain("slots on, beside the residual text alone", values["slots"], values["residual"], TARGET_GAIN),
        _gain("slots on, beside the whole text", values["slots"], values["whole"], TARGET_GAIN),
        _gain("slots on, beside the whole text, judged documents alone", condensed["slots"], condensed["whole"], None),
        _gain("slots on, beside the whole text: how many were judged", seen["slots"], seen["whole"], None, unit=JUDGED),
        _gain("union with slots, beside the union without", fused, plain, 0.0),
        _gain("union's share of good documents, with and without", with_slots, without, 0.0, unit="share"),
    ]


def _search(world: SlotsWorld, judged: Sequence[str], done: Callable[[int], None]) -> Searched:
    strategy = Structured("structured", {}, world.index, world.knowledge)
    options, fields = TextOptions(), world.index.text_fields
    slots: dict[str, Sequence[str]] = {}
    residual: dict[str, Sequence[str]] = {}
    whole: dict[str, Sequence[str]] = {}
    own: dict[str, Sequence[str]] = {}
    for query in judged:
        done(1)
        asked = world.read(query)
        for plan in strategy.plan(asked):
            slots[query] = world.ids(plan.clause(DEPTH, Encoded()) or {}, DEPTH)
            best = next(r for r in asked.readings if r.slots)
            residual[query] = world.ids(text_query(best.residual, fields, options), DEPTH) if best.residual else []
            whole[query] = world.ids(text_query(query, fields, options), DEPTH)
            own[query] = world.ids(own_query(query)["query"], DEPTH)
    return Searched(slots, residual, whole, own)


def _fused(*lists: Sequence[str]) -> list[str]:
    """Reciprocal rank fusion of what the plans found."""
    scores: dict[str, float] = {}
    for ids in lists:
        for rank, id_ in enumerate(ids, 1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (RRF_CONSTANT + rank)
    return sorted(scores, key=lambda id_: (-scores[id_], id_))


def _rated_only(world: SlotsWorld, lists: Lists) -> Lists:
    """As if nothing unrated were there: what was judged was found by text search, which structured search is not."""
    return {query: [id_ for id_ in ids if id_ in world.grades[query]] for query, ids in lists.items()}


def _reached(world: SlotsWorld, query: str, ids: Sequence[str]) -> float:
    good = {id_ for id_, grade in world.grades[query].items() if grade >= 2}
    return len(good & set(ids)) / len(good) if good else 1.0


def _gain(
    name: str, ours: Mapping[str, float], theirs: Mapping[str, float], target: float | None, unit: str = MAIN
) -> Figure:
    gap: Difference = paired_difference(ours, theirs)
    values = (("ours", mean(ours)), ("theirs", mean(theirs)))
    made_with = "; ".join(f"{who} {value:.4f}" for who, value in values)
    interval = (gap.low, gap.high)
    return Figure(name, gap.mean, unit, None, target, interval=interval, runs=gap.queries, made_with=made_with)
