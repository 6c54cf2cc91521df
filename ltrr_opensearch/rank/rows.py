"""A search's candidates as the matrix that rankers read: one row a candidate, one column a named feature.

Columns, in order: the logged features by their own names; for each strategy `<s>.reciprocal_rank`, `<s>.score` and
`<s>.share` (its score over the list's best); `plans.agree` and `plans.fused`; what is known of the query; and how a
candidate worked before, for this very query (`memory.score`), for its neighbours (`memory.near`), for queries that
share words with it (`memory.words`), and whatever was asked (`popular.recent`, `popular.lasting`); where the index has
a strategy `personal`, for the person who asks (`memory.own`). NaN says "unknown":
a feature that was not logged or did not match, a strategy that was not asked or did not answer. A strategy
that was asked and had not found the candidate has the reciprocal rank 0, which is a different thing; how it would have
scored the candidate, had it been asked deeper, stays unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.memory import SAME_WORDS
from ltrr_opensearch.knowledge.popularity import Popularity
from ltrr_opensearch.knowledge.words import Words
from ltrr_opensearch.rank.feature_sets import OF_BEST, derive
from ltrr_opensearch.types import (
    EXPLORATION,
    AnalyzedQuery,
    Candidate,
    Features,
    Matrix,
    Outcome,
    PlanResult,
    Remembered,
)

RANK_CONSTANT = 60.0
STRATEGY_COLUMNS = ("reciprocal_rank", "score", "share")
QUERY_COLUMNS = ("query.tokens", "query.slots", "query.memory")
SAME_QUERY, NEIGHBOURS, SHARED_WORDS = "memory.score", "memory.near", "memory.words"
MEMORY_COLUMNS = (SAME_QUERY, NEIGHBOURS, SHARED_WORDS)
OWN = "memory.own"
RECENT, LASTING = "popular.recent", "popular.lasting"
POPULAR_COLUMNS = (RECENT, LASTING)
OBJECT_COLUMNS = (*MEMORY_COLUMNS, *POPULAR_COLUMNS)
"""Those for which one must know what events name a candidate by."""

_APART = ("memory", EXPLORATION)
"""Sources that no other plan is counted beside."""

Columns = Mapping[str, list[float] | float]
NOBODY, NOTHING = Popularity(), Words.of(())
"""Before anybody acted upon anything."""


def feature_names(index: IndexSettings) -> tuple[str, ...]:
    """The columns for an index, in their order. That something was explored tells a ranker nothing."""
    told = (s.name for s in index.strategies if s.use != "fresh")
    strategies = [f"{name}.{column}" for name in told for column in STRATEGY_COLUMNS]
    return (
        *derive(index).names,
        *strategies,
        "plans.agree",
        "plans.fused",
        *QUERY_COLUMNS,
        *OBJECT_COLUMNS,
        *_own_names(index),
    )


def whole_names(index: IndexSettings) -> tuple[str, ...]:
    """The columns where the features of whole unions are known, as they are while serving."""
    return (*feature_names(index), *(f"{name}{OF_BEST}" for name in derive(index).names))


def memory_names(index: IndexSettings) -> tuple[str, ...]:
    """The columns that know what earlier users did for this very query; unknown for a query never seen."""
    of = [s.name for s in index.strategies if s.use in ("q2e", "personal")]
    return (
        *(f"{name}.{column}" for name in of for column in STRATEGY_COLUMNS),
        "query.memory",
        SAME_QUERY,
        *_own_names(index),
    )


def _own_names(index: IndexSettings) -> tuple[str, ...]:
    return (OWN,) if any(s.use == "personal" for s in index.strategies) else ()


def rows(
    candidates: Sequence[Candidate],
    query: AnalyzedQuery,
    results: Sequence[PlanResult],
    names: Sequence[str],
    popularity: Popularity = NOBODY,
    words: Words = NOTHING,
    *,
    by_id: bool = True,
) -> Matrix:
    """The matrix of the candidates under the named columns; a name that nothing here knows is NaN throughout.

    `by_id`: the memory names what worked by `_id`. Where it names objects by a field (`object_id_field`), how a
    candidate worked is unknown until that field of it was read.
    """
    objects = [c.key.id if by_id else c.object_id for c in candidates]
    columns = {
        **_plan_columns(candidates, results),
        **_query_columns(query),
        **_memory(objects, query),
        **_popular(objects, popularity),
        SHARED_WORDS: _shared(objects, query, words),
        OWN: _own(objects, query),
    }
    matrix = np.empty((len(candidates), len(names)), dtype=np.float32)
    logged = [j for j, name in enumerate(names) if name not in columns]
    matrix[:, logged] = dense((c.features for c in candidates), [names[j].removesuffix(OF_BEST) for j in logged])
    beside_best = [j for j in logged if names[j].endswith(OF_BEST)]
    matrix[:, beside_best] = _of_best(matrix[:, beside_best])
    for j, name in enumerate(names):
        if name in columns:
            matrix[:, j] = columns[name]
    return matrix


def _of_best(values: Matrix) -> Matrix:
    """What BM25 gives differs from query to query, its share of the list's best does not; unknown where that is 0.

    Only where the whole list has its features is it what serving has: a log of a part of it cannot teach it.
    """
    best = np.nan_to_num(values, nan=0.0).max(axis=0, initial=0.0)
    return np.asarray(values / np.where(best > 0, best, np.nan), dtype=np.float32)


def sparse(row: NDArray[np.float32], names: Sequence[str]) -> Features:
    """A row as it is logged: only what is known."""
    # NaN is the one value that differs from itself
    return {name: value for name, value in zip(names, row.tolist(), strict=True) if value == value}  # noqa: PLR0124


def dense(logged: Iterable[Mapping[str, float]], names: Sequence[str]) -> Matrix:
    """Logged rows as a matrix again, NaN where nothing was logged."""
    nan = float("nan")
    table = [[row.get(name, nan) for name in names] for row in logged]
    return np.array(table, dtype=np.float32).reshape(len(table), len(names))


def _plan_columns(candidates: Sequence[Candidate], results: Sequence[PlanResult]) -> Columns:
    """What each strategy said of each candidate; of a strategy's several plans, the best. The memory's own plans and
    the exploration's do not count in `plans.*`, so that these mean the same for a query that nobody has asked before.
    """
    asked = [r for r in results if r.depth > 0 and r.outcome is Outcome.OK]
    blank = [0.0] * len(candidates)
    unknown = [math.nan] * len(candidates)
    columns = {
        f"{r.plan.strategy}.{column}": (blank if column == "reciprocal_rank" else unknown).copy()
        for r in asked
        for column in STRATEGY_COLUMNS
    }
    agree, fused = blank.copy(), blank.copy()
    best = {r.plan.name: max((h.score for h in r.hits), default=0.0) for r in asked}
    plans = {r.plan.name: r.plan for r in asked}
    ranks, scores, shares = (
        {name: columns[f"{p.strategy}.{c}"] for name, p in plans.items()} for c in STRATEGY_COLUMNS
    )
    for i, candidate in enumerate(candidates):
        for plan, rank, score in candidate.found:
            if plan not in plans:
                continue
            ranks[plan][i] = max(ranks[plan][i], 1 / rank)
            # max keeps its first argument where the second is unknown
            scores[plan][i] = max(score, scores[plan][i])
            shares[plan][i] = max(score / best[plan] if best[plan] > 0 else 0.0, shares[plan][i])
            if plans[plan].source not in _APART:
                agree[i] += 1
                fused[i] += 1 / (RANK_CONSTANT + rank)
    return {**columns, "plans.agree": agree, "plans.fused": fused}


def _query_columns(query: AnalyzedQuery) -> Columns:
    likeliest = max(query.readings, key=lambda r: r.likelihood, default=None)
    return {
        "query.tokens": float(len(query.tokens)),
        "query.slots": float(len(likeliest.slots)) if likeliest else 0.0,
        "query.memory": max((r.similarity for r in query.remembered), default=0.0),
    }


def _memory(objects: Sequence[str | None], query: AnalyzedQuery) -> Columns:
    """How well a candidate worked for this very query, and for its neighbours: score times weight, the largest."""
    same = [r for r in query.remembered if r.similarity >= SAME_WORDS]
    near = [r for r in query.remembered if r.similarity < SAME_WORDS]
    return {SAME_QUERY: _worked(objects, same), NEIGHBOURS: _worked(objects, near)}


def _own(objects: Sequence[str | None], query: AnalyzedQuery) -> list[float] | float:
    """How well a candidate worked for the person who asks; unknown where they did nothing for such a query before."""
    if not query.own:
        return math.nan
    scores = {one.id: one.score for one in query.own}
    return [math.nan if name is None else scores.get(name, 0.0) for name in objects]


def _shared(objects: Sequence[str | None], query: AnalyzedQuery, words: Words) -> list[float] | float:
    """How well a candidate worked for the words of the query, whatever stood beside them."""
    if not len(words):
        return math.nan
    worked = words.worked(query.tokens)
    return [math.nan if name is None else worked.get(name, 0.0) for name in objects]


def _popular(objects: Sequence[str | None], popularity: Popularity) -> Columns:
    """How much people act upon a candidate lately, whatever they asked; unknown before anybody did."""
    if not len(popularity):
        return dict.fromkeys(POPULAR_COLUMNS, math.nan)
    return {
        RECENT: [math.nan if name is None else popularity.recent(name) for name in objects],
        LASTING: [math.nan if name is None else popularity.lasting(name) for name in objects],
    }


def _worked(objects: Sequence[str | None], remembered: Sequence[Remembered]) -> list[float] | float:
    if not remembered:
        return float("nan")
    known: dict[str, float] = {}
    for one in remembered:
        for entity in one.entities:
            known[entity.id] = max(known.get(entity.id, 0.0), one.weight * entity.score)
    return [math.nan if name is None else known.get(name, 0.0) for name in objects]
