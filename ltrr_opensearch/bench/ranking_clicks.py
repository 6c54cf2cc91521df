"""Line 2, and queries with clicks behind them: what is learned where nobody rated anything.

Simulated people are attracted by what rater 1 thinks and judged by raters 2 and 3. Each fold's rankers have the same
columns, those that the ratings chose, and the same unions; they differ in where their grades come from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from rich.console import Console

from ltrr_opensearch.arena.clicks import Cascade, ClickModel, PositionBased, of_grade
from ltrr_opensearch.arena.people import START, People, visits
from ltrr_opensearch.arena.rated import listed, searched
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.ranking_unseen import FOLDS, MAIN, Unions, Values, interval_of
from ltrr_opensearch.bench.ranking_world import INDEX, PAGE, Grades, RankingWorld
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.evaluate.measures import mean, paired_difference, per_query
from ltrr_opensearch.learn.clicks.impressions import Impressions
from ltrr_opensearch.learn.clicks.models import DEFAULT, MODULES, Fitted
from ltrr_opensearch.learn.clicks.pooled import over_expected
from ltrr_opensearch.learn.dataset import CLICKED_SEARCHES, Dataset, dataset_from_rounds
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn.ranker import fit_lambdamart, train_on
from ltrr_opensearch.learn.rated import dataset_from_ratings
from ltrr_opensearch.logged import Judgment, Round
from ltrr_opensearch.rank.load import load_ranker
from ltrr_opensearch.rank.rows import feature_names, memory_names

IMPRESSIONS, QUICK_IMPRESSIONS = 50_000, 10_000
SHARE, SEEN = 0.95, 0.93
SEARCHES, QUICK_SEARCHES = 12_000, 2_400
BATCHES = 4
PEOPLE: Mapping[str, ClickModel] = {"position": PositionBased(satisfied=0.0), "cascade": Cascade()}
"""Those of the first are the ones of line 2; the others read as no position-based model believes."""
WHO = {
    "same": "people and judges are the same ratings: what was liked comes back, not what others think",
    "others": "people like what rater 1 does, raters 2 and 3 judge",
}
RATINGS, COUNTED, UNBIASED = "ratings", "counted", "unbiased"


def counted(seen: Impressions) -> Fitted:
    """Clicks over impressions, as if everything shown had been looked at."""
    everywhere = np.ones(seen.positions)
    return Fitted(over_expected(seen.cells(), everywhere, len(seen.pairs)), np.ones(len(seen.pair)), everywhere)


def measure(console: Console, quick: bool, unions: Unions) -> list[Figure]:
    impressions, folds = (QUICK_IMPRESSIONS, 2) if quick else (IMPRESSIONS, FOLDS)
    unseen, taught = clicked(console, unions, impressions, folds)
    return [
        *_line_2(unseen, taught, f"{impressions:,} impressions a fold, {folds} folds"),
        *_seen(console, unions.world, QUICK_SEARCHES if quick else SEARCHES),
    ]


Found = dict[str, dict[str, dict[str, float]]]
"""people -> where grades come from -> query -> nDCG@10"""


def clicked(console: Console, unions: Unions, impressions: int, folds: int) -> tuple[Found, Found]:
    """On queries left out, by rankers; and on queries with clicks, the order that the judgments themselves give."""
    world = unions.world
    queries = [q for q in unions.gathered if max(world.others.get(q, {"": 0.0}).values()) > 0]
    judges = _judgments({q: world.others[q] for q in queries})
    shuffled = np.random.default_rng(0).permutation(np.array(queries)).tolist()
    unseen: Found = defaultdict(lambda: defaultdict(dict))
    by_fold: dict[str, dict[str, list[Values]]] = defaultdict(lambda: defaultdict(list))
    with bar(console, "Clicks alone", folds * len(PEOPLE) * impressions // PAGE) as done:
        for fold in range(folds):
            held = shuffled[fold::FOLDS]
            traffic = [q for q in queries if q not in set(held)]
            ratings = _rated(unions, traffic)
            columns = load_ranker(train_on(ratings, world.settings, world.index, INDEX, START)).features
            by_ratings = fit_lambdamart(ratings.columns(columns))
            for people, model in PEOPLE.items():
                rounds = searches(world, world.first, model, traffic, impressions // PAGE, fold, done)
                order = {q: unions.ranked(q, by_ratings) for q in held}
                unseen[people][RATINGS] |= per_query(judges, order, (MAIN,))[MAIN]
                for name in (*MODULES, COUNTED):
                    by = counted if name == COUNTED else name
                    data = dataset_from_rounds(rounds, feature_names(unions.world.index), memory_names(world.index), by)
                    ranker = fit_lambdamart(data.columns(columns))
                    order = {q: unions.ranked(q, ranker) for q in held}
                    unseen[people][name] |= per_query(judges, order, (MAIN,))[MAIN]
                    grades = {(j.query, j.id): j.grade for j in judgments_from_clicks(rounds, by).judgments}
                    told = {q: _by_grades(unions, q, grades) for q in traffic}
                    by_fold[people][name].append(per_query(judges, told, (MAIN,))[MAIN])
                single = dataset_from_rounds(
                    rounds, feature_names(world.index), memory_names(world.index), searches_a_query=CLICKED_SEARCHES
                )
                ranker = fit_lambdamart(single.columns(columns), unbiased=True)
                unseen[people][UNBIASED] |= per_query(judges, {q: unions.ranked(q, ranker) for q in held}, (MAIN,))[
                    MAIN
                ]
    return unseen, {people: {name: over_folds(of) for name, of in by.items()} for people, by in by_fold.items()}


def over_folds(folds: Sequence[Values]) -> dict[str, float]:
    """Each query's mean over the folds that it has clicks in."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    for fold in folds:
        for query, value in fold.items():
            values[query].append(value)
    return {query: float(np.mean(of)) for query, of in values.items()}


def searches(
    world: RankingWorld,
    likes: Grades,
    model: ClickModel,
    queries: Sequence[str],
    count: int,
    seed: int,
    done: Callable[[int], None],
) -> list[Round]:
    """Pages of what is fused, explored by the floor alone, and what people click there."""
    replay = world.replay(world.learner())
    people = People(_attraction(likes), model)
    rounds = []
    for visit in visits(queries, count, users=100, seed=seed):
        rounds.append(people.search(replay, visit)[0])
        done(1)
    return rounds


def _attraction(likes: Grades) -> dict[str, dict[str, float]]:
    return {query: {id: of_grade(int(g)) for id, g in of.items()} for query, of in likes.items()}


def _rated(unions: Unions, queries: Sequence[str]) -> Dataset:
    """What rater 1 thinks of the unions."""
    world = unions.world
    replay = world.replay(world.learner())
    lists = [listed(replay, unions.gathered[q], feature_names(unions.world.index)) for q in queries]
    grades = {unions.name(q): world.first.get(q, {}) for q in queries}
    return dataset_from_ratings(lists, grades, feature_names(unions.world.index), memory_names(world.index))


def _by_grades(unions: Unions, query: str, grades: Mapping[tuple[str, str], float]) -> list[str]:
    name = unions.name(query)
    return sorted(unions.gathered[query].ids, key=lambda id: -grades.get((name, id), 0.0))


def _judgments(grades: Grades) -> list[Judgment]:
    return [Judgment(q, id, g) for q, of in grades.items() for id, g in of.items()]


def _line_2(unseen: Found, taught: Found, made: str) -> list[Figure]:
    figures = []
    for people, by in unseen.items():
        for name, of in by.items():
            interval = interval_of(of)
            figures.append(
                Figure(
                    f"clicks_unseen_{people}_{name}", mean(of), MAIN, interval=interval, runs=len(of), made_with=made
                )
            )
        for name, of in taught[people].items():
            figures.append(
                Figure(f"clicks_taught_{people}_{name}", mean(of), MAIN, interval=interval_of(of), runs=len(of))
            )
    own = unseen["position"]
    share = _share(own[DEFAULT], own[RATINGS])
    return [
        Figure("clicks_share_of_ratings", share[0], "share", (RATINGS, 1.0), SHARE, interval=share[1:], made_with=made),
        *_correction("unseen", own, 0.0, made),
        *_correction("taught", taught["position"], None, made),
        *figures,
    ]


def _correction(where: str, found: Mapping[str, Values], target: float | None, made: str) -> list[Figure]:
    """What correcting for positions adds to counting. Held to it are rankers on queries left out: the harder one."""
    gap, beside = paired_difference(found[DEFAULT], found[COUNTED]), (COUNTED, mean(found[COUNTED]))
    name, bounds, lower = f"clicks_correction_{where}", (gap.low, gap.high), (COUNTED, 0.0)
    return [
        Figure(name, gap.mean, MAIN, beside, interval=bounds, runs=gap.queries, made_with=made),
        Figure(f"{name}_lower_bound", gap.low, MAIN, lower, target, runs=gap.queries, made_with=made),
    ]


def _share(ours: Values, theirs: Values, resamples: int = 2000) -> tuple[float, float, float]:
    """Ratio of the means with its bootstrap interval over queries."""
    pairs = np.array([[ours[q], theirs[q]] for q in sorted(ours)])
    picks = np.random.default_rng(0).integers(0, len(pairs), size=(resamples, len(pairs)))
    means = pairs[picks].mean(axis=1)
    low, high = np.quantile(means[:, 0] / means[:, 1], [0.025, 0.975])
    return float(pairs[:, 0].mean() / pairs[:, 1].mean()), float(low), float(high)


def _seen(console: Console, world: RankingWorld, count: int) -> list[Figure]:
    """Queries that people asked and clicked, ranked with what is remembered of them."""
    figures = []
    cases = (("same", world.final, world.final, SEEN), ("others", world.first, world.others, None))
    with bar(console, "Queries with clicks", len(cases) * count) as done:
        for name, likes, judges, target in cases:
            queries = [q for q, of in world.final.items() if max(of.values()) > 0 and max(judges[q].values()) > 0]
            learner = world.learner(("ranker", "memory"))
            people = People(_attraction(likes), PositionBased())
            made = visits(queries, count, users=100, seed=1)
            for start in range(0, count, step := count // BATCHES):
                replay = world.replay(learner)
                rounds = []
                for visit in made[start : start + step]:
                    rounds.append(people.search(replay, visit)[0])
                    done(1)
                learner.learn(rounds)
            replay = world.replay(learner)
            order = {q: [r.candidate.key.id for r in searched(replay, q).replayed.searched.ranked] for q in queries}
            found = per_query(_judgments({q: judges[q] for q in queries}), order, (MAIN,))[MAIN]
            told = f"{count:,} searches, {len(queries)} queries; {WHO[name]}"
            figures.append(
                Figure(
                    f"seen_{name}",
                    mean(found),
                    MAIN,
                    None,
                    target,
                    interval=interval_of(found),
                    runs=len(found),
                    made_with=told,
                )
            )
    return figures
