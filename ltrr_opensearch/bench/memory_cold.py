"""Cold start: what predicted queries bring before the first click.

Half of Best Buy's products teach, by what people clicked on in the first weeks. The other half is judged by the clicks
of the weeks after, of which nothing teaches: the memory holds predictions alone. The union is the first fifty of all
lists by reciprocal rank fusion, with the memory's list among them or not, so that no list makes it longer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from rich.console import Console

from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.bench import bestbuy, datasets
from ltrr_opensearch.bench.bestbuy import Clicked
from ltrr_opensearch.bench.clicked_replay import RRF_CONSTANT, place_of
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.memory_replay import remembered
from ltrr_opensearch.bench.recorded import Recorded
from ltrr_opensearch.bench.resampled import interval, mean
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.predict.neighbours import Neighbours
from ltrr_opensearch.predict.patterns import Patterns
from ltrr_opensearch.predict.predictor import Described, Prediction, QueryPredictor
from ltrr_opensearch.predict.relevance import Judged, Relevance, kept, threshold
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.types import EntityScore, Vector

TEACHING_DAYS = 28
QUICK_DOCUMENTS = 3_000
QUERIES = 5
SHARES = (1.0, 0.5, 0.3)
SHARE = 0.5
UNION = 50
SAMPLE = 500
ENTITIES = 50


class Both:
    """Patterns and neighbours together, each query once."""

    def __init__(self, *predictors: QueryPredictor) -> None:
        self._predictors = predictors

    def predict(self, documents: Sequence[Described]) -> list[list[Prediction]]:
        return [_merged(told) for told in zip(*(p.predict(documents) for p in self._predictors), strict=True)]


class Split(NamedTuple):
    """`asked`: document -> query -> clicks, of the half that teaches."""

    asked: Mapping[str, Mapping[str, float]]
    judged: list[Clicked]


def cold_start(
    console: Console, quick: bool, made: Recorded, index: str, clicks: Sequence[Clicked], encoder: Encoder
) -> list[Figure]:
    parted = split(clicks)
    products = _described(_products(quick, {one.product for one in clicks}), encoder)
    known = [one for one in products if parted.asked.get(one.id)]
    patterns, neighbours = Patterns.learned(known, parted.asked), Neighbours.learned(known, parted.asked)
    predictors: dict[str, QueryPredictor] = {
        "patterns": patterns,
        "neighbours": neighbours,
        "both": Both(patterns, neighbours),
    }
    without = _found(parted.judged, lambda query: union(made, query, []))
    figures = []
    for name, predictor in predictors.items():
        relevance = Relevance(predictor, encoder, QUERIES)
        with bar(console, f"Predicting by {name}", len(products)) as done:
            judged = _judged(relevance, products, done)
        for share in SHARES if name == "both" else (SHARE,):
            least = threshold(judged[:: max(1, len(judged) // SAMPLE)], share)
            learner = _learner(made, index, kept(judged, least), relevance.known)
            found = _found(parted.judged, partial(_with_memory, made, learner))
            label = f"memory_cold_{name}" if share == SHARE else f"memory_cold_{name}_share_{share}"
            figures.append(_gain(label, parted.judged, found, without, must=name == "both" and share == SHARE))
    return figures


def split(clicks: Sequence[Clicked]) -> Split:
    """By product, by chance, and by time: what is judged by teaches nothing."""
    ends = clicks[0].at + timedelta(days=TEACHING_DAYS)
    asked: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in clicks:
        if one.at < ends and _teaches(one.product):
            asked[one.product][normalise(one.query)] += 1
    judged = [one for one in clicks if one.at >= ends and not _teaches(one.product)]
    return Split({id: dict(queries) for id, queries in asked.items()}, judged)


def union(made: Recorded, query: str, remembered: Sequence[str]) -> list[str]:
    """The first of all lists."""
    recording = made.recording
    lists = [
        [recording.documents[d] for d in one.documents.tolist()] for one in recording.queries[query].lists.values()
    ]
    scores: defaultdict[str, float] = defaultdict(float)
    for listed in [*lists, remembered]:
        for rank, document in enumerate(listed, start=1):
            scores[document] += 1 / (RRF_CONSTANT + rank)
    return sorted(scores, key=lambda id: (-scores[id], id))[:UNION]


def _with_memory(made: Recorded, learner: Learner, query: str) -> list[str]:
    return union(made, query, remembered(made, learner, query))


def _teaches(product: str) -> bool:
    return blake2b(product.encode(), digest_size=1).digest()[0] % 2 == 0


def _found(
    clicks: Sequence[Clicked], lists: Callable[[str], list[str]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    by_query = {query: lists(query) for query in {normalise(one.query) for one in clicks}}
    return np.array([float(place_of(by_query[normalise(one.query)], one.product) is not None) for one in clicks])


def _gain(
    name: str,
    clicks: Sequence[Clicked],
    found: np.ndarray[tuple[int], np.dtype[np.float64]],
    without: np.ndarray[tuple[int], np.dtype[np.float64]],
    *,
    must: bool,
) -> Figure:
    users = np.unique([one.user for one in clicks], return_inverse=True)[1]
    low, high = interval(found - without, users)
    return Figure(
        f"{name}_recall_at_{UNION}_gain",
        low if must else mean(found - without),
        "recall",
        ("text strategies alone", mean(without)),
        0.0 if must else None,
        interval=(low, high),
        runs=len(clicks),
        made_with=f"{mean(found):.4f} with predictions",
    )


def _products(quick: bool, clicked: set[str]) -> list[dict[str, str]]:
    every = bestbuy.products(datasets.folder(bestbuy.FILES))
    if not quick:
        return every
    rest = [one for one in every if one["id"] not in clicked]
    some = np.random.default_rng(0).choice(len(rest), QUICK_DOCUMENTS, replace=False)
    return [one for one in every if one["id"] in clicked] + [rest[i] for i in sorted(some.tolist())]


def _described(products: Sequence[Mapping[str, str]], encoder: Encoder) -> list[Described]:
    named = [one for one in products if one["name"].strip()]
    vectors = encoder.encode([" ".join(one["name"].split()) for one in named])
    fields = ("name", "manufacturer")
    return [
        Described(one["id"], one["name"], {f: (one[f],) for f in fields if one[f]}, vector)
        for one, vector in zip(named, vectors, strict=True)
    ]


def _judged(relevance: Relevance, products: Sequence[Described], done: Callable[[int], None]) -> list[list[Judged]]:
    judged: list[list[Judged]] = []
    for start in range(0, len(products), SAMPLE):
        judged += relevance.judged(products[start : start + SAMPLE])
        done(min(SAMPLE, len(products) - start))
    return judged


def _learner(made: Recorded, index: str, predicted: Sequence[Judged], vectors: Mapping[str, Vector]) -> Learner:
    """As if `ltrr predict-queries` had run and nobody had searched."""
    learn = made.settings.learn
    by_query: defaultdict[str, list[EntityScore]] = defaultdict(list)
    for one in predicted:
        by_query[one.query].append(EntityScore(one.id, one.score, True))
    best = {q: tuple(sorted(es, key=lambda e: (-e.score, e.id))[:ENTITIES]) for q, es in by_query.items()}
    near = set(sorted(best, key=lambda q: (-best[q][0].score, q))[: learn.memory_embedded])
    rows = [MemoryRow(q, entities, vectors[q] if q in near else None) for q, entities in best.items()]
    learner = Learner(made.settings, index, made.gazetteer, {}, terms=made.terms)
    learner.knowledge = replace(learner.knowledge, memory=Memory.from_rows(rows))
    return learner


def _merged(told: Sequence[Sequence[Prediction]]) -> list[Prediction]:
    best: dict[str, float] = {}
    for one in (one for some in told for one in some):
        best[one.query] = max(best.get(one.query, 0.0), one.score)
    return [Prediction(query, score) for query, score in best.items()]
