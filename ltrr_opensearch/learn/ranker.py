"""Trains the ranker from rounds and packs it as a part of a release.

Few queries have to speak for all others, hence small trees, a share of the features for each, and monotone
constraints where more can only be better. Generalisation is measured on queries left out, never on those learned.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import DataError, MissingExtra, ModelError
from ltrr_opensearch.evaluate.measures import ndcg
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.learn.dataset import (
    CLICKED_SEARCHES,
    ENOUGH_QUERIES,
    SEARCHES_A_QUERY,
    Dataset,
    dataset_from_rounds,
)
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.protocols import Ranker
from ltrr_opensearch.rank import linear, trees
from ltrr_opensearch.rank.feature_sets import OF_BEST, derive
from ltrr_opensearch.rank.load import load_ranker
from ltrr_opensearch.rank.rows import (
    MEMORY_COLUMNS,
    NEIGHBOURS,
    OWN,
    POPULAR_COLUMNS,
    QUERY_COLUMNS,
    SAME_QUERY,
    feature_names,
    memory_names,
)
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json, Matrix

LEVELS = 8
"""LambdaMART wants whole grades: the best click grade becomes this level, gains are linear in the level."""
TREES = 60
"""Of one run. More of them learn the queries rather than what makes a good answer."""
RUNS = 3
"""Ensembles whose scores are added: each sees other rows and columns, so their sum depends less on chance."""
PARAMETERS: Json = {
    "objective": "lambdarank",
    "num_leaves": 4,
    "learning_rate": 0.05,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.6,
    "bagging_freq": 1,
    "min_data_in_leaf": 30,
    "lambda_l2": 5.0,
    "lambdarank_truncation_level": 20,
    "label_gain": list(range(LEVELS + 1)),
    "deterministic": True,
    "force_row_wise": True,
    # A few thousand rows: threads that wait for each other on a busy machine cost ten times what they save.
    "num_threads": 1,
    "verbose": -1,
}
RIDGE = 0.01
LEAST_GAIN = 0.02
"""In nDCG@10 on unseen queries, that columns which must earn their place have to bring: less is noise."""
NO_LOSS = 0.0
FOLDS = 5
MANY: Json = {"num_leaves": 31, "learning_rate": 0.1, "feature_fraction": 0.6, "min_data_in_leaf": 50}
"""What changes where there are `ENOUGH_QUERIES`."""
MANY_TREES = 100
CHECKED_ROWS = 16
"""Rows stored with their scores, verified after loading."""
TOLERANCE = 1e-5

Fit = Callable[[Dataset], Ranker]


def train_ranker(rounds: Iterable[Round], settings: Settings, index: IndexSettings, judged: Part | None = None) -> Part:
    """The ranker that the settings name, trained on all rounds; its metrics come from queries left out of training.

    `judged`: one of fewer rounds, whose columns and metrics hold for this one too. To find them is most of the work.
    """
    kept = list(rounds)
    searches_a_query = CLICKED_SEARCHES if settings.learn.ranker == "unbiased" else SEARCHES_A_QUERY
    everything = dataset_from_rounds(
        kept, feature_names(index), memory_names(index), settings.learn.click_model, searches_a_query
    )
    if not everything.query:
        raise DataError(f"no ranker from {len(kept)} searches: none was acted upon with other candidates beside it")
    at = max(r.decision.at for r in kept)
    return train_on(everything, settings, index, kept[0].decision.index, at, judged)


def train_on(
    everything: Dataset, settings: Settings, index: IndexSettings, key: str, at: datetime, judged: Part | None = None
) -> Part:
    """The ranker that the settings name, from rows and grades wherever they come from. `at`: when it was made.

    Where whole unions were seen (`of_best` columns are there), logged features are learned from beside the best of
    their union, which compares over queries; they need only not lose, since ratings tell more surely than clicks.
    """
    logged = derive(index)
    beside_best = [name for name in everything.names if name.endswith(OF_BEST)]
    apart = logged.names if settings.learn.rank_in == "cluster" else ()
    fit = _fits(settings.learn.seed, apart)[settings.learn.ranker]
    if judged is None:
        tried = _fits(settings.learn.seed, apart, runs=1)[settings.learn.ranker]
        costly = (beside_best, NO_LOSS) if beside_best and not apart else (logged.names, LEAST_GAIN)
        names, metrics = _learned(everything, tried, logged.names, memory_names(index), costly, always=bool(apart))
    else:
        names, metrics = load_ranker(judged).features, judged.metrics
    data = everything.columns(names)
    return pack(fit(data), data, key, at, logged.version, metrics)


def _learned(
    data: Dataset,
    fit: Fit,
    logged: Sequence[str],
    memory: Sequence[str],
    costly: tuple[Sequence[str], float],
    *,
    always: bool,
) -> tuple[Sequence[str], Json]:
    """The columns to learn from, and how a ranker over them does on queries left out.

    What the plans say, and the memory of the very query, is at hand and always learned from. Others have to earn their
    place on queries left out: what worked for neighbours misleads where queries are few, and logged features cost every
    search a request (unless they are wanted `always`). The memory's own plan says nothing that the columns do not say
    better. What is popular is not looked at where queries are few: there it is what their own searches clicked, which a
    query left out still profits from and a new one does not. Where queries are many, trees can tell for themselves what
    misleads: only logged features must earn theirs. `costly`: in which form they are tried, and what they have to gain.
    """
    few = not _many(data)
    logged = [n for n in data.names if n in logged or n.endswith(OF_BEST)]
    always_in = [n for n in logged if not n.endswith(OF_BEST)] if always else []
    left_out = {*logged, *memory, *MEMORY_COLUMNS, *POPULAR_COLUMNS, *(QUERY_COLUMNS if few else ())} - {
        SAME_QUERY,
        OWN,
    }
    chosen = [*always_in, *(n for n in data.names if n not in left_out)]
    if not few:
        chosen = [n for n in data.names if n in always_in or n not in logged]
    metrics = crossvalidate(data, chosen, fit)
    tried: Json = {}
    earning = (
        *((("neighbours", (NEIGHBOURS,), LEAST_GAIN),) if few else ()),
        ("logged", tuple(costly[0]), costly[1]),
    )
    for name, more, least in earning[:-1] if always else earning:
        with_more = crossvalidate(data, [*more, *chosen], fit)
        tried[f"ndcg_unseen_with_{name}"] = with_more.get("ndcg_unseen")
        if with_more.get("ndcg_unseen", 0.0) >= metrics.get("ndcg_unseen", 1.0) + least:
            chosen, metrics = [*more, *chosen], with_more
    return chosen, metrics | tried


def pack(ranker: Ranker, data: Dataset, index: str, at: datetime, feature_set: str, metrics: Json) -> Part:
    """The part. The same data give the same bytes, hence the same version."""
    if not isinstance(ranker, linear.LinearRanker | trees.TreeRanker):
        raise ModelError(f"ranker {ranker.name}: packing is known for linear and lambdamart only")
    payload = json.dumps(ranker.to_json(), sort_keys=True, separators=(",", ":")).encode()
    sample = data.rows[np.linspace(0, len(data.rows) - 1, min(CHECKED_ROWS, len(data.rows)), dtype=int)]
    return Part.of(
        "ranker",
        index,
        ranker.name,
        payload,
        at.astimezone(UTC),
        meta={"feature_set": feature_set, "searches": len(data.query), "queries": len(set(data.query))},
        checks={"rows": _nullable(sample), "scores": [float(s) for s in ranker.score(sample)]},
        metrics=metrics,
    )


def fit_lambdamart(
    data: Dataset, seed: int = 0, apart: Collection[str] = (), runs: int = RUNS, *, unbiased: bool = False
) -> Ranker:
    """LambdaMART (Burges 2010) by LightGBM; refused when our own scorer does not give LightGBM's own scores.

    `apart`: columns that no tree mixes with others, so that their trees can be scored elsewhere. `runs`: ensembles
    where queries are few. `unbiased`: of what each search's people acted upon, not of pooled grades; how much of it a
    place explains is learned beside the trees, as in Unbiased LambdaMART (Hu et al. 2019; LightGBM's `position`).
    """
    try:
        import lightgbm
    except ImportError as e:
        raise MissingExtra("lightgbm", "trees") from e
    grades, places = (data.gains, data.places) if unbiased else (data.grades, None)
    levels = np.rint(LEVELS * grades / (grades.max() or 1.0))
    train = lightgbm.Dataset(data.rows, levels, group=data.sizes, weight=_unit_mean(data.weights), position=places)
    parameters = {**PARAMETERS, "monotone_constraints": [_direction(n) for n in data.names]}
    if apart:
        groups = ([j for j, n in enumerate(data.names) if (n in apart) is within] for within in (True, False))
        parameters["interaction_constraints"] = [group for group in groups if group]
    many = _many(data)
    runs, trees_a_run = (1, MANY_TREES) if many else (runs, TREES)
    if many:
        parameters |= MANY
    boosters = [
        lightgbm.train(
            {**parameters, "bagging_seed": seed + run, "feature_fraction_seed": seed + run}, train, trees_a_run
        )
        for run in range(runs)
    ]
    ranker = trees.from_lightgbm([b.dump_model() for b in boosters], data.names)
    theirs = np.sum([b.predict(data.rows) for b in boosters], axis=0)
    gap = float(np.abs(ranker.score(data.rows) - theirs).max())
    if gap > TOLERANCE:
        raise ModelError(f"our scores differ from LightGBM's by {gap:.2g}, more than {TOLERANCE:g}; not published")
    return ranker


def fit_linear(data: Dataset) -> Ranker:
    """Pairwise logistic regression over the pairs of each search with different grades."""
    better, worse, weights = [], [], []
    for start, size in zip(np.cumsum(data.sizes) - data.sizes, data.sizes, strict=True):
        here = slice(start, start + size)
        gap = data.grades[here][:, None] - data.grades[here][None, :]
        above, below = np.nonzero(gap > 0)
        w = gap[above, below] * np.minimum.outer(data.weights[here], data.weights[here])[above, below]
        better.append(above + start)
        worse.append(below + start)
        weights.append(w / max(w.sum(), 1e-12) * data.weights[here].max())
    pairs = np.concatenate(better), np.concatenate(worse), np.concatenate(weights)
    return linear.LinearRanker(data.names, linear.fit(data.rows, *pairs, ridge=RIDGE))


def crossvalidate(data: Dataset, names: Sequence[str], fit: Fit) -> Json:
    """Mean nDCG@10 on queries left out, as if nobody had asked them, beside that of the fused order.

    Five folds; where queries are many, the first of them alone.

    Grades are those of clicks, over what was shown. `names`: the columns to learn from.
    """
    queries = sorted(set(data.query))
    if len(queries) < FOLDS:
        return {"queries": len(queries)}
    ours: list[float] = []
    fused: list[float] = []
    column = data.names.index("plans.fused")
    for fold in range(1 if _many(data) else FOLDS):
        held = set(queries[fold::FOLDS])
        ranker = fit(data.only(set(queries) - held).columns(names))
        test = data.only(held).judging(new=True)
        ours += _ndcg(test, ranker.score(test.columns(names).rows))
        fused += _ndcg(test, np.nan_to_num(test.rows[:, column]))
    return {"queries": len(queries), "ndcg_unseen": float(np.mean(ours)), "ndcg_fused": float(np.mean(fused))}


def _many(data: Dataset) -> bool:
    return len(set(data.query)) >= ENOUGH_QUERIES


def _fits(seed: int, apart: Collection[str], runs: int = RUNS) -> dict[str, Fit]:
    trees_of = partial(fit_lambdamart, seed=seed, apart=apart, runs=runs)
    return {"linear": fit_linear, "lambdamart": trees_of, "unbiased": partial(trees_of, unbiased=True)}


def _direction(name: str) -> int:
    """1 where more can only be better: matches, similarity, ranks, scores. Free where taste decides (date, price)."""
    name = name.removesuffix(OF_BEST)
    if name.startswith(("bm25_", "all_", "phrase_", "cross_", "plans.", "memory.", "popular.")) or name in (
        "dense",
        "popularity",
    ):
        return 1
    return int(name.endswith((".reciprocal_rank", ".score", ".share")))


def _ndcg(data: Dataset, scores: Matrix) -> list[float]:
    lists = (data.group == number for number in range(len(data.query)))
    return [ndcg(data.grades[rows], scores[rows]) for rows in lists]


def _unit_mean(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """LightGBM's limits on leaves are in units of weight."""
    return weights / max(float(weights.mean()), 1e-12)


def _nullable(rows: Matrix) -> Sequence[Sequence[float | None]]:
    return [[None if np.isnan(v) else float(v) for v in row] for row in rows]
