"""What proposals are worth to structured search: Icecat with an attribute hidden on three documents of ten.

Asked are a hidden value together with another value of the same document, found by what the index then holds. Nothing
is tuned on these queries nor on the judged ones, which are asked as well to see that nobody is worse off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from rich.console import Console

from ltrr_opensearch.bench.content_hidden import TEXTS
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.ranking_world import RATED_FILE, Grades, read_final
from ltrr_opensearch.bench.read_world import ReadWorld
from ltrr_opensearch.bench.recorded import connect_to, prepare
from ltrr_opensearch.bench.slots_world import SYNONYMS, slot_fields, typed_body
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.progress import bar, waiting
from ltrr_opensearch.demo.shop_index import configuration
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.evaluate.measures import mean, paired_difference, per_query
from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.index.texts import leaves_of, text_of
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.logged import Judgment
from ltrr_opensearch.lookup import key_of
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.propose.written import meant_by
from ltrr_opensearch.types import Encoded, Json

INDEX = "icecat-content"
HIDDEN_SHARE = 0.3
DEPTH = 100
QUERIES, QUICK_QUERIES = 400, 60
MOST_RELEVANT = 50
"""Queries that more documents satisfy are too wide to find them all."""
MAIN = "nDCG@10"

Lists = Mapping[str, Sequence[str]]


class Asked(NamedTuple):
    """A query of two values, and the documents that truly have both."""

    text: str
    hidden: frozenset[str]
    """Of these, those whose first value was hidden."""
    unsaid: frozenset[str]
    """Of these in turn, those whose text does not say it."""
    having: frozenset[str]
    known: frozenset[str]
    """Documents that state a value in both fields, so that it is known whether they have these."""


@dataclass(frozen=True)
class World(ReadWorld):
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
        *(_gain(what, of(world.asked, ours), of(world.asked, theirs), target) for what, of, target in MEASURES),
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
    return World(
        client, INDEX, index, known, asked_of(whole, proposable, hidden, queries), read_final(folder / RATED_FILE)
    )


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
    having = _having(whole, fields)
    stating = {f: frozenset(p["id"] for p in whole if _values(p, f)) for f in fields}
    said = {p["id"]: f" {key_of(text_of(p, TEXTS))} " for p in whole}
    found: dict[str, Asked] = {}
    for number in chance.permutation(len(whole)).tolist():
        product = whole[number]
        lost, stated = hidden.get(product["id"]), [f for f in fields if f.endswith(".keyword") and _values(product, f)]
        others = [f for f in stated if f != lost]
        if lost not in stated or not others or len(found) == most:
            continue
        pair = [(field, min(_values(product, field))) for field in (lost, str(chance.choice(others)))]
        both = frozenset.intersection(*(frozenset(having[field, key_of(value)]) for field, value in pair))
        words = [value.lower() for _, value in reversed(pair)]
        if both and len(both) <= MOST_RELEVANT and len(set(words)) == 2:
            gone = frozenset(id for id in both if hidden.get(id) == lost)
            unsaid = frozenset(id for id in gone if f" {key_of(pair[0][1])} " not in said[id])
            known = frozenset.intersection(*(stating[field] for field, _ in pair))
            found.setdefault(" ".join(words), Asked(" ".join(words), gone, unsaid, both, known))
    return list(found.values())


def _having(whole: Sequence[Json], fields: Sequence[str]) -> Mapping[tuple[str, str], set[str]]:
    """(field, key of a value) -> the products that have it, list it, or have a kind of it."""
    having: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for product in whole:
        for field in fields:
            for key in meant_by(_values(product, field)):
                having[field, key].add(product["id"])
    return having


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
        plans = strategy.plan(world.read(text))
        lists[text] = [id for plan in plans for id in world.ids(plan.clause(DEPTH, Encoded()) or {}, DEPTH)]
        done(1)
    return lists


def recall(asked: Sequence[Asked], lists: Lists) -> dict[str, float]:
    return {one.text: len(one.hidden & set(lists[one.text])) / len(one.hidden) for one in asked}


def recall_unsaid(asked: Sequence[Asked], lists: Lists) -> dict[str, float]:
    return {one.text: len(one.unsaid & set(lists[one.text])) / len(one.unsaid) for one in asked if one.unsaid}


def first_ten(asked: Sequence[Asked], lists: Lists) -> dict[str, float]:
    """Of as many of the first ten as can be right."""
    return {o.text: len(o.having & set(lists[o.text][:10])) / min(10, len(o.having)) for o in asked}


def condensed(asked: Sequence[Asked], lists: Lists) -> dict[str, float]:
    """The same, as if documents that lacked a value before anything was hidden were not there: nobody knows of them."""
    return first_ten(asked, {one.text: [id for id in lists[one.text] if id in one.known] for one in asked})


MEASURES: Sequence[tuple[str, Callable[[Sequence[Asked], Lists], dict[str, float]], float | None]] = (
    ("recall of hidden attributes", recall, 0.0),
    ("recall of hidden attributes that the text does not say", recall_unsaid, 0.0),
    ("first ten that have both values, unknown ones counted as wrong", first_ten, None),
    ("first ten that have both values, known ones alone", condensed, None),
)


def _gain(
    name: str, ours: Mapping[str, float], theirs: Mapping[str, float], target: float | None, unit: str = "share"
) -> Figure:
    gap = paired_difference(ours, theirs)
    made_with = f"with proposals {mean(ours):.4f}; without {mean(theirs):.4f}"
    interval = (gap.low, gap.high)
    return Figure(
        f"proposals: {name}", gap.mean, unit, None, target, True, interval, runs=gap.queries, made_with=made_with
    )
