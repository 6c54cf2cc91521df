"""Training and packing rankers: they generalise to new queries, with and without a memory."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from ltrr_opensearch.errors import DataError, ModelError
from ltrr_opensearch.evaluate.measures import mean, paired_difference, per_query
from ltrr_opensearch.learn.dataset import CLICKED_SEARCHES, dataset_from_rounds
from ltrr_opensearch.learn.ranker import fit_lambdamart, train_ranker
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import CandidateRecord, Judgment, Part, Round
from ltrr_opensearch.rank.load import load_ranker, verify_ranker
from ltrr_opensearch.rank.rows import POPULAR_COLUMNS, dense, memory_names
from ltrr_opensearch.settings import Settings
from tests.learn.clicks import INDEX, NAMES, decision, searches

LINEAR = Settings(learn=LearnSettings(ranker="linear"))
TREES = Settings()
UNBIASED = Settings(learn=LearnSettings(ranker="unbiased"))


Truth = dict[tuple[str, str], float]
"""(query, document) -> attractiveness"""


def ndcg(part: Part, rounds: Sequence[Round], truth: Truth, *, forget: bool = False) -> dict[str, float]:
    """Of the part's order of each query's candidates, by the true attractiveness."""
    ranker, orders = load_ranker(part), {}
    for d in {r.decision.normalized: r.decision for r in rounds}.values():
        table = dense([c.features or {} for c in d.candidates], ranker.features)
        if forget:
            table[:, [j for j, n in enumerate(ranker.features) if n in memory_names(INDEX)]] = np.nan
        order = np.argsort(-ranker.score(table), kind="stable")
        orders[d.normalized] = [d.candidates[i].key.id for i in order]
    judgments = [Judgment(q, id_, 10 * a) for (q, id_), a in truth.items()]
    return per_query(judgments, orders, ["nDCG@10"])["nDCG@10"]


def shown(rounds: Sequence[Round], truth: Truth) -> dict[str, float]:
    judgments = [Judgment(q, id_, 10 * a) for (q, id_), a in truth.items()]
    orders = {r.decision.normalized: [c.key.id for c in r.decision.candidates] for r in rounds}
    return per_query(judgments, orders, ["nDCG@10"])["nDCG@10"]


@pytest.mark.parametrize("settings", [LINEAR, TREES, UNBIASED], ids=["linear", "lambdamart", "unbiased"])
def test_queries_never_seen_are_ordered_better_than_they_were_shown(settings: Settings) -> None:
    part = train_ranker(searches(40, 15)[0], settings, INDEX)
    new, truth = searches(40, 1, seed=1)
    assert paired_difference(ndcg(part, new, truth), shown(new, truth)).low > 0.1
    assert part.metrics["ndcg_unseen"] > part.metrics["ndcg_fused"]


@pytest.mark.parametrize("settings", [LINEAR, TREES, UNBIASED], ids=["linear", "lambdamart", "unbiased"])
def test_a_memory_helps_where_there_is_one_and_is_not_all_that_was_learned(settings: Settings) -> None:
    rounds, _ = searches(40, 15, remembered=True)
    part = train_ranker(rounds, settings, INDEX)
    new, truth = searches(40, 1, seed=1, remembered=True)
    without = mean(ndcg(part, new, truth, forget=True))
    assert without > mean(shown(new, truth)) + 0.1
    assert mean(ndcg(part, new, truth)) > without


def test_unbiased_trees_learn_of_single_searches_what_a_place_explains() -> None:
    rounds, _ = searches(40, 15)
    data = dataset_from_rounds(rounds, NAMES, memory_names(INDEX), searches_a_query=CLICKED_SEARCHES)
    acted_on = sum(len(r.gains) for r in rounds)
    assert len(data.query) > len(dataset_from_rounds(rounds, NAMES, memory_names(INDEX)).query)
    assert np.count_nonzero(data.gains) == 2 * acted_on  # once as it was, once as if nobody had asked before
    clicks = [np.count_nonzero(data.gains[data.places == place]) for place in range(3)]
    assert clicks[0] > clicks[1] > clicks[2]
    names = [n for n in NAMES if not n.startswith(("memory.", "popular."))]
    moved = replace(data, places=np.zeros_like(data.places))
    with_places, without = (fit_lambdamart(d.columns(names), unbiased=True) for d in (data, moved))
    assert not np.allclose(with_places.score(data.columns(names).rows), without.score(data.columns(names).rows))


@pytest.mark.parametrize("settings", [TREES, UNBIASED], ids=["lambdamart", "unbiased"])
def test_the_same_rounds_give_the_same_part(settings: Settings) -> None:
    rounds, _ = searches(10, 5)
    first, again = train_ranker(rounds, settings, INDEX), train_ranker(rounds[::-1], settings, INDEX)
    assert first.version == again.version
    assert first.payload == again.payload
    assert first.index == "shop"
    assert first.created == max(r.decision.at for r in rounds)


def test_a_published_part_is_verified_against_its_stored_scores() -> None:
    part = train_ranker(searches(10, 5)[0], TREES, INDEX)
    verify_ranker(part)
    with pytest.raises(ModelError, match="stored scores"):
        verify_ranker(replace(part, checks={**part.checks, "scores": [s + 0.1 for s in part.checks["scores"]]}))


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [({"payload": b"{"}, "cannot be read"), ({"payload": b"{}"}, "cannot be read"), ({"algorithm": "x"}, "known are")],
)
def test_a_damaged_part_is_refused(damage: dict[str, object], complaint: str) -> None:
    part = train_ranker(searches(10, 5)[0], LINEAR, INDEX)
    with pytest.raises(ModelError, match=complaint):
        load_ranker(replace(part, **damage))  # type: ignore[arg-type]


def test_few_queries_do_not_teach_that_the_popular_is_good() -> None:
    """What their own searches clicked is popular among them, and says nothing of a query that is new."""
    rounds, truth = searches(40, 15)
    told = [
        Round(replace(r.decision, candidates=tuple(_popular(r, c, truth) for c in r.decision.candidates)), r.gains)
        for r in rounds
    ]
    part = train_ranker(told, TREES, INDEX)
    assert not set(POPULAR_COLUMNS) & set(load_ranker(part).features)


def _popular(one: Round, candidate: CandidateRecord, truth: Truth) -> CandidateRecord:
    popularity = truth.get((one.decision.normalized, candidate.key.id), 0.0)
    return candidate._replace(features={**(candidate.features or {}), **dict.fromkeys(POPULAR_COLUMNS, popularity)})


def test_nothing_to_learn_from_is_an_error_that_says_so() -> None:
    with pytest.raises(DataError, match="none was acted upon"):
        train_ranker([Round(decision("q", 0, ["a", "b"], {}, 2), {})], TREES, INDEX)


def test_every_query_weighs_the_same_and_every_row_keeps_its_search() -> None:
    rounds, _ = searches(2, 12)
    asked_once = [r for r in rounds if r.decision.normalized == "q0" or r.decision.query_id == "q1-11"]
    data = dataset_from_rounds(asked_once, NAMES, memory_names(INDEX))
    assert data.query.count("q0") == 20, "the latest ten, each as it was and as if it were new"
    query = np.array(data.query)[data.group]
    assert data.weights[query == "q1"].sum() > 0.3 * data.weights[query == "q0"].sum()
    assert data.sizes.tolist() == [20] * len(data.query)


def test_a_search_with_a_memory_is_given_twice_once_as_if_nobody_had_asked() -> None:
    rounds, _ = searches(1, 3, remembered=True)
    data = dataset_from_rounds(rounds, NAMES, memory_names(INDEX))
    memory = data.rows[:, NAMES.index("memory.score")]
    assert len(data.query) == 2 * 3
    assert np.isnan(memory).sum() == len(memory) / 2
