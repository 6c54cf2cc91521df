"""Line 1: queries that nobody asked before, ordered by what was learned from ratings of others.

Five folds by query, five seeds; a query's value is its mean over the seeds, intervals are over queries. Whatever is
chosen (a fused order, a single strategy, columns of a ranker) is chosen on the folds that are learned from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from rich.console import Console

from ltrr_opensearch.arena.people import START
from ltrr_opensearch.arena.rated import Gathered, listed, searched
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.ranking_world import INDEX, RankingWorld
from ltrr_opensearch.demo.data import has_traffic
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.evaluate.measures import Difference, mean, paired_difference, per_query
from ltrr_opensearch.fuse.rrf import Rrf
from ltrr_opensearch.fuse.weighted import Weighted
from ltrr_opensearch.learn.dataset import Dataset
from ltrr_opensearch.learn.ranker import fit_linear, train_on
from ltrr_opensearch.learn.rated import dataset_from_ratings
from ltrr_opensearch.logged import Judgment
from ltrr_opensearch.protocols import Fusion, Ranker
from ltrr_opensearch.rank.load import load_ranker
from ltrr_opensearch.rank.rows import memory_names, whole_names
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import Outcome

FOLDS, SEEDS, QUICK_SEEDS = 5, 5, 1
AHEAD, AIM = 0.03, 0.83
RRF, FUSED, SINGLE, LINEAR, LEARNED, IDEAL = "rrf", "best fused", "best single", "linear", "lambdamart", "ideal"
MAIN, JUDGED = "nDCG@10", "Judged@10"

Order = Mapping[str, Sequence[str]]
Values = Mapping[str, float]


@dataclass(frozen=True)
class Measured:
    """By order, the values of every query: its mean over the seeds. `condensed`: as if nothing unrated were there."""

    ndcg: Mapping[str, Values]
    judged: Mapping[str, Values]
    condensed: Values
    seeds: int


@dataclass(frozen=True)
class Unions:
    """Every query's union, and what is known of it."""

    world: RankingWorld
    gathered: Mapping[str, Gathered]
    data: Dataset
    """Of all rated queries, under normalised texts."""
    judgments: Sequence[Judgment]
    serving: Serving

    @staticmethod
    def of(world: RankingWorld) -> Unions:
        replay = world.replay(world.learner())
        wanted = {q: of for q, of in world.final.items() if max(of.values()) > 0}
        gathered = {query: searched(replay, query) for query in sorted(wanted)}
        names = whole_names(world.index)
        lists = [listed(replay, one, names) for one in gathered.values()]
        grades = {one.replayed.searched.query.normalized: wanted[query] for query, one in gathered.items()}
        data = dataset_from_ratings(lists, grades, names, memory_names(world.index))
        judgments = [Judgment(q, id, g) for q, of in wanted.items() for id, g in of.items()]
        return Unions(world, gathered, data, judgments, replay.serving)

    def name(self, query: str) -> str:
        return self.gathered[query].replayed.searched.query.normalized

    def ranked(self, query: str, ranker: Ranker) -> list[str]:
        """The union in the ranker's order."""
        one = self.gathered[query]
        found = one.replayed.searched
        scores = ranker.score(self.serving.rows(found.query, one.candidates, found.results, ranker.features))
        return [one.ids[i] for i in np.argsort(-scores, kind="stable")]

    def alone(self, query: str, strategy: str) -> list[str]:
        """A strategy's own list; empty where it had nothing to ask."""
        results = self.gathered[query].replayed.searched.results
        return [hit.key.id for r in results if r.plan.strategy == strategy for hit in r.hits]

    def fused(self, query: str, fusion: Fusion, plans: Sequence[str]) -> list[str]:
        """Some strategies' lists, merged; what they have not found follows in the order of all."""
        results = [r for r in self.gathered[query].replayed.searched.results if r.plan.strategy in plans]
        first = [c.key.id for c in fusion.fuse([r for r in results if r.outcome is Outcome.OK])]
        return [*first, *(id for id in self.gathered[query].ids if id not in set(first))]


def measure(console: Console, quick: bool, unions: Unions) -> list[Figure]:
    return figures(unions, evaluated(console, unions, QUICK_SEEDS if quick else SEEDS))


def evaluated(console: Console, unions: Unions, seeds: int) -> Measured:
    queries, settings = list(unions.gathered), unions.world.settings
    constants = {name: {q: order(q) for q in queries} for name, order in _constant(unions)}
    known = {name: _ndcg(unions, of) for name, of in constants.items()}
    values: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    condensed: list[Values] = []
    with bar(console, "Unseen queries", seeds * FOLDS) as done:
        for seed in range(seeds):
            orders: dict[str, dict[str, Sequence[str]]] = {n: {} for n in (RRF, FUSED, SINGLE, LINEAR, LEARNED, IDEAL)}
            shuffled = np.random.default_rng(seed).permutation(np.array(queries)).tolist()
            for fold in range(FOLDS):
                held = shuffled[fold::FOLDS]
                others = [q for q in queries if q not in set(held)]
                data = unions.data.only(unions.name(q) for q in others)
                seeded = settings.model_copy(update={"learn": settings.learn.model_copy(update={"seed": seed})})
                learned = load_ranker(train_on(data, seeded, unions.world.index, INDEX, START))
                linear = fit_linear(data.columns(learned.features))
                fused, single = (_best(known, others, many=many) for many in (True, False))
                for query in held:
                    orders[RRF][query] = unions.gathered[query].ids
                    orders[FUSED][query] = constants[fused][query]
                    orders[SINGLE][query] = constants[single][query]
                    orders[LINEAR][query] = unions.ranked(query, linear)
                    orders[LEARNED][query] = unions.ranked(query, learned)
                    orders[IDEAL][query] = _ideal(unions, query)
                done(1)
            for name, order in orders.items():
                found = per_query(unions.judgments, order, (MAIN, JUDGED))
                values[name][MAIN].append(found[MAIN])
                values[name][JUDGED].append(found[JUDGED])
            condensed.append(_ndcg(unions, {q: _rated(unions, q, ids) for q, ids in orders[LEARNED].items()}))
    return Measured(
        {name: _mean_over(of[MAIN]) for name, of in values.items()},
        {name: _mean_over(of[JUDGED]) for name, of in values.items()},
        _mean_over(condensed),
        seeds,
    )


def _constant(unions: Unions) -> Iterator[tuple[str, Callable[[str], list[str]]]]:
    """Orders that learn nothing: every set of strategies by RRF and by scaled scores; a single one is itself."""
    strategies = [s.name for s in unions.world.index.strategies if s.use != "q2e"]
    for strategy in strategies:
        yield strategy, lambda q, s=strategy: unions.alone(q, s)  # type: ignore[misc]
    for size in range(2, len(strategies) + 1):
        for some in combinations(strategies, size):
            name = "+".join(some)
            yield name, lambda q, some=some: unions.fused(q, Rrf(), some)  # type: ignore[misc]
            yield f"{name} by scores", lambda q, some=some: unions.fused(q, Weighted({}), some)  # type: ignore[misc]


def _best(known: Mapping[str, Values], queries: Sequence[str], *, many: bool) -> str:
    among = [name for name in known if many or "+" not in name]
    return max(among, key=lambda name: mean({q: known[name][q] for q in queries}))


def _ideal(unions: Unions, query: str) -> list[str]:
    rated = unions.world.final[query]
    return sorted(unions.gathered[query].ids, key=lambda id: -rated.get(id, 0.0))


def _rated(unions: Unions, query: str, ids: Sequence[str]) -> list[str]:
    return [id for id in ids if id in unions.world.final[query]]


def _ndcg(unions: Unions, order: Order) -> Values:
    return per_query(unions.judgments, order, (MAIN,))[MAIN]


def _mean_over(seeds: Sequence[Values]) -> Values:
    return {query: float(np.mean([one[query] for one in seeds])) for query in seeds[0]}


def figures(unions: Unions, found: Measured) -> list[Figure]:
    queries = len(found.ndcg[RRF])
    size = np.mean([len(one.ids) for one in unions.gathered.values()])
    made = f"{queries} queries, {FOLDS} folds, {found.seeds} seeds; union of {size:.0f} candidates at the mean"
    made += "; linear has the columns that lambdamart chose"
    ours, theirs = found.ndcg[LEARNED], found.ndcg[RRF]
    ahead = paired_difference(ours, theirs)
    apart = {q: v for q, v in ours.items() if not has_traffic(q)}
    kept = paired_difference(apart, theirs)

    def figure(
        name: str, gap: Difference, beside: str, target: float | None = None, aim: float | None = None
    ) -> Figure:
        shown = (beside, mean(found.ndcg[beside]))
        interval = (gap.low, gap.high)
        return Figure(
            name, gap.mean, "nDCG@10", shown, target, interval=interval, runs=gap.queries, aim=aim, made_with=made
        )

    absolute = [
        Figure(
            f"unseen_{name.replace(' ', '_')}",
            mean(of),
            "nDCG@10",
            aim=AIM if name == LEARNED else None,
            interval=interval_of(of),
            runs=queries,
            made_with=made,
        )
        for name, of in found.ndcg.items()
    ]
    judged = [
        Figure(f"unseen_{name.replace(' ', '_')}_judged", mean(of), "judged@10", interval=interval_of(of), runs=queries)
        for name, of in found.judged.items()
    ]
    ideal, condensed = found.ndcg[IDEAL], found.condensed
    lost = {
        "retrieval": {q: 1 - ideal[q] for q in ours},
        "ranking": {q: ideal[q] - condensed[q] for q in ours},
        "unrated": {q: condensed[q] - ours[q] for q in ours},
    }
    return [
        *absolute,
        *judged,
        figure("unseen_ahead_of_rrf", ahead, RRF, AHEAD),
        Figure("unseen_ahead_of_rrf_lower_bound", ahead.low, "nDCG@10", (RRF, 0.0), 0.0, runs=queries, made_with=made),
        figure("unseen_ahead_of_best_fused", paired_difference(ours, found.ndcg[FUSED]), FUSED),
        figure("unseen_ahead_of_linear", paired_difference(ours, found.ndcg[LINEAR]), LINEAR),
        figure("unseen_ahead_of_best_single", paired_difference(ours, found.ndcg[SINGLE]), SINGLE),
        figure("unseen_ahead_of_rrf_nothing_chosen_on", kept, RRF),
        *(
            Figure(f"unseen_lost_to_{what}", mean(of), "nDCG@10", None, None, False, interval_of(of), runs=queries)
            for what, of in lost.items()
        ),
    ]


def interval_of(values: Values) -> tuple[float, float]:
    """95 % over queries."""
    gap = paired_difference(values, dict.fromkeys(values, 0.0))
    return gap.low, gap.high
