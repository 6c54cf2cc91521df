"""What proposals are worth to structured search: Icecat with an attribute hidden on three documents of ten.

Asked are a hidden value together with another value of the same document, found by what the index then holds. Nothing
is tuned on these queries nor on the judged ones, which are asked as well to see that nobody is worse off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from opensearchpy import OpenSearch
from rich.console import Console

from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.ranking_world import RATED_FILE, Grades, read_final
from ltrr_opensearch.bench.recorded import connect_to, prepare
from ltrr_opensearch.bench.slots_world import AT, SYNONYMS, slot_fields, typed_body
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.progress import bar, waiting
from ltrr_opensearch.demo.shop_index import configuration
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.evaluate.measures import mean, paired_difference, per_query
from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.index.texts import leaves_of
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.logged import Judgment
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.propose.written import meant_by
from ltrr_opensearch.types import Asker, Encoded, Json, SearchRequest
from ltrr_opensearch.understand.analyze import analyze

INDEX = "icecat-content"
HIDDEN_SHARE = 0.3
DEPTH = 100
QUERIES, QUICK_QUERIES = 400, 60
MOST_RELEVANT = 50
"""Queries that more documents satisfy are too wide to find them all."""
MAIN = "nDCG@10"

Lists = Mapping[str, Sequence[str]]


class Asked(NamedTuple):
    """A query of two values, and the documents that truly have both: with the first hidden, and in all."""

    text: str
    hidden: frozenset[str]
    having: frozenset[str]


@dataclass(frozen=True)
class World:
    client: OpenSearch
    index: IndexSettings
    knowledge: Knowledge
    asked: Sequence[Asked]
    grades: Grades


def searched(console: Console, stack: Stack, quick: bool) -> list[Figure]:
    world = _world(console, stack, QUICK_QUERIES if quick else QUERIES)
    without = world.index.model_copy(update={"proposals": None})
    judged = sorted(q for q, of in world.grades.items() if max(of.values()) > 0)
    texts = [one.text for one in world.asked]
    with bar(console, "Structured search", 2 * (len(texts) + len(judged))) as done:
        ours, theirs = (_lists(world, index, [*texts, *judged], done) for index in (world.index, without))
    judgments = [Judgment(q, id, g) for q in judged for id, g in world.grades[q].items()]
    rated = [per_query(judgments, {q: of[q] for q in judged}, (MAIN,))[MAIN] for of in (ours, theirs)]
    return [
        _gain("recall of hidden attributes", _recall(world.asked, ours), _recall(world.asked, theirs), 0.0),
        _gain("first ten that have both values", _precise(world.asked, ours), _precise(world.asked, theirs), None),
        _gain("judged queries, structured search alone", rated[0], rated[1], None, unit=MAIN),
    ]


def _world(console: Console, stack: Stack, queries: int) -> World:
    folder = data.find(stack.home)
    whole = data.load(folder).products
    fields = slot_fields()
    proposable = [f["field"] for f in fields if f["kind"] in ("keyword", "boolean")]
    products, hidden = without_one(whole, proposable)
    plain = configuration(INDEX, "", stack.ports, stack.home)
    told = {**plain["indexes"][INDEX], "slot_fields": fields, "synonyms": list(SYNONYMS), "proposals": {}}
    prepare(console, stack, INDEX, typed_body(whole), products, {**plain, "indexes": {INDEX: told}})
    with waiting(console, "Proposing what was hidden"):
        stack.run("attributes", "propose", INDEX)
    client, index = connect_to(stack), load_settings(stack.config).indexes[INDEX]
    client.indices.refresh(index=INDEX)
    known = Knowledge(gazetteer=build_gazetteer(client, INDEX, index))
    return World(client, index, known, asked_of(whole, proposable, hidden, queries), read_final(folder / RATED_FILE))


def without_one(whole: Sequence[Json], fields: Sequence[str]) -> tuple[list[Json], dict[str, str]]:
    """The products, some of them without one of their values, and which field each of these has lost."""
    chance = np.random.default_rng(0)
    products, hidden = [], {}
    for product in whole:
        there = [f for f in fields if _values(product, f)]
        lost = str(chance.choice(there)) if there and chance.random() < HIDDEN_SHARE else None
        if lost is not None:
            hidden[product["id"]] = lost
        products.append({k: v for k, v in product.items() if lost is None or k != _top(lost)})
    return products, hidden


def asked_of(whole: Sequence[Json], fields: Sequence[str], hidden: Mapping[str, str], most: int) -> list[Asked]:
    """A hidden value and one that its document still states, as people would put them."""
    chance = np.random.default_rng(1)
    meant = [{f: meant_by(values) for f in fields if (values := _values(p, f))} for p in whole]
    found: dict[str, Asked] = {}
    for number in chance.permutation(len(whole)).tolist():
        if len(found) == most:
            break
        lost = hidden.get(whole[number]["id"])
        others = [f for f in meant[number] if f != lost and f.endswith(".keyword")]
        if lost is None or not lost.endswith(".keyword") or not others:
            continue
        pair = {f: min(_values(whole[number], f)).lower() for f in (lost, str(chance.choice(others)))}
        having = [
            p["id"]
            for p, of in zip(whole, meant, strict=True)
            if all(_key(v) & of.get(f, set()) for f, v in pair.items())
        ]
        gone = frozenset(id for id in having if hidden.get(id) == lost)
        text = " ".join(reversed(pair.values()))
        if len(having) <= MOST_RELEVANT and len(set(pair.values())) == 2:
            found.setdefault(text, Asked(text, gone, frozenset(having)))
    return list(found.values())


def _key(value: str) -> set[str]:
    return meant_by([value])


def _values(product: Json, field: str) -> list[str]:
    leaves = leaves_of(product, field.split("."))
    return [str(leaf).lower() if isinstance(leaf, bool) else str(leaf) for leaf in leaves]


def _top(field: str) -> str:
    return field.removesuffix(".keyword")


def _lists(
    world: World, index: IndexSettings, texts: Sequence[str], done: Callable[[int], None]
) -> dict[str, list[str]]:
    strategy = Structured("structured", {}, index, world.knowledge)
    lists = {}
    for text in texts:
        request = SearchRequest("q", INDEX, text, {}, (), (), (), 10, 0, Asker(), None, AT)
        plans = strategy.plan(analyze(request, world.knowledge, index))
        lists[text] = [id for plan in plans for id in _ids(world.client, plan.clause(DEPTH, Encoded()) or {})]
        done(1)
    return lists


def _ids(client: OpenSearch, query: Json) -> list[str]:
    body = {"query": query, "size": DEPTH, "_source": False, "track_total_hits": False}
    return [hit["_id"] for hit in client.search(index=INDEX, body=body)["hits"]["hits"]]


def _recall(asked: Sequence[Asked], lists: Lists) -> dict[str, float]:
    return {one.text: len(one.hidden & set(lists[one.text])) / len(one.hidden) for one in asked}


def _precise(asked: Sequence[Asked], lists: Lists) -> dict[str, float]:
    """Of as many of the first ten as can be right."""
    return {o.text: len(o.having & set(lists[o.text][:10])) / min(10, len(o.having)) for o in asked}


def _gain(
    name: str, ours: Mapping[str, float], theirs: Mapping[str, float], target: float | None, unit: str = "share"
) -> Figure:
    gap = paired_difference(ours, theirs)
    made_with = f"with proposals {mean(ours):.4f}; without {mean(theirs):.4f}"
    interval = (gap.low, gap.high)
    return Figure(
        f"proposals: {name}", gap.mean, unit, None, target, True, interval, runs=gap.queries, made_with=made_with
    )
