"""Clicks to judgments, against simulated people whose examination and taste are known."""

from dataclasses import replace

import numpy as np
import pytest

from ltrr_opensearch.learn.chance import chance as chance_of
from ltrr_opensearch.learn.judgments import as_a_list, judgments_from_clicks
from ltrr_opensearch.logged import CUT, HIDDEN, Judgment, Round
from tests.learn.clicks import EXAMINED, decision, searches


def test_the_examination_curve_is_found() -> None:
    rounds, _ = searches(60, 60)
    found = np.array(judgments_from_clicks(rounds).examination)
    np.testing.assert_allclose(found, EXAMINED[:10], atol=0.06)


def test_grades_follow_taste_where_clicks_follow_position() -> None:
    rounds, truth = searches(40, 80)
    judged = [j for j in judgments_from_clicks(rounds).judgments if j.weight > 0.8]
    corrected = np.corrcoef([j.grade for j in judged], [truth[j.query, j.id] for j in judged])[0, 1]
    clicks: dict[tuple[str, str], list[float]] = {}
    for r in rounds:
        for c in r.decision.candidates[:10]:
            clicks.setdefault((r.decision.normalized, c.key.id), []).append(r.gains.get(c.key.id, 0.0))
    raw = [float(np.mean(clicks[j.query, j.id])) for j in judged]
    uncorrected = np.corrcoef(raw, [truth[j.query, j.id] for j in judged])[0, 1]
    assert corrected > 0.9
    assert corrected > uncorrected + 0.05


def test_what_was_seldom_seen_stays_near_the_mean_and_weighs_little() -> None:
    often = [Round(decision("q", n, ["a", "b"], {}, 2), {"a": 0.5}) for n in range(50)]
    once = [Round(decision("r", 99, ["c", "d"], {}, 2), {"c": 0.5})]
    found = {j.id: j for j in judgments_from_clicks([*often, *once]).judgments}
    assert found["a"].grade > found["c"].grade > found["b"].grade
    assert found["a"].weight > 0.9 > 0.6 > found["c"].weight


def test_a_purchase_is_worth_more_than_a_click() -> None:
    rounds = [
        Round(decision("q", n, ids, {}, 2), {"bought": 1.0, "clicked": 0.5})
        for n, ids in enumerate([["bought", "clicked"], ["clicked", "bought"]] * 10)
    ]
    found = {j.id: j.grade for j in judgments_from_clicks(rounds).judgments}
    assert found["bought"] > 1.8 * found["clicked"]


def test_a_second_page_counts_at_its_own_positions() -> None:
    page = replace(decision("q", 0, list("abcd"), {}, 2), offset=2)
    found = judgments_from_clicks([Round(page, {"c": 0.5})])
    assert {j.id for j in found.judgments} == {"c", "d"}
    assert len(found.examination) == 4


def test_nothing_clicked_and_nothing_at_all() -> None:
    assert judgments_from_clicks([]).judgments == ()
    nothing = judgments_from_clicks([Round(decision("q", 0, ["a"], {}, 1), {})])
    assert [j.grade for j in nothing.judgments] == [0.0]


@pytest.mark.parametrize("chance", [0.01, 0.03, 0.1])
def test_clicks_by_chance_are_told_from_liking(chance: float) -> None:
    """A tenth of what is shown is wanted, and clicked half of the times that people look; the rest by chance."""
    rng = np.random.default_rng(1)
    ids = [f"d{n}" for n in range(20)]
    rounds = []
    for number in range(1500):
        shown = [ids[i] for i in rng.permutation(20)]
        liked = [0.5 if id in ("d0", "d1") else chance for id in shown]
        gains = {id: 1.0 for at, (id, a) in enumerate(zip(shown, liked, strict=True), 1) if rng.random() < a / at}
        rounds.append(Round(decision(f"q{number % 30}", number, shown, {}, 20), gains))
    assert judgments_from_clicks(rounds).noise == pytest.approx(chance, rel=0.3)


def test_what_is_liked_a_little_is_not_taken_for_chance() -> None:
    """As where a good ranker shows much that is liked, to all degrees: chance stays what it is."""
    rng = np.random.default_rng(2)
    liked = np.where(rng.random(6000) < 0.35, 0.03, rng.uniform(0.3, 1, 6000))
    shown = rng.exponential(0.2, 6000)
    found = chance_of(rng.poisson(shown * liked).astype(np.float64), shown)
    assert found is not None
    assert found < 0.08


def test_too_few_documents_tell_nothing_of_chance() -> None:
    rng = np.random.default_rng(0)
    assert chance_of(rng.poisson(0.2, 12).astype(np.float64), np.ones(12)) is None


def test_where_all_is_liked_alike_nothing_is_chance() -> None:
    rounds = [Round(decision("q", n, ["a"], {}, 1), {"a": 1.0}) for n in range(50)]
    assert judgments_from_clicks(rounds).noise is None


def test_a_list_names_objects_and_tells_no_query_that_was_hidden_or_cut() -> None:
    page = decision("shoes", 0, ["1", "2", "3"], {}, 3)
    names = {"1": "sku-a", "2": "sku-a"}
    page = replace(page, candidates=tuple(c._replace(object_id=names.get(c.key.id)) for c in page.candidates))
    found = [Judgment("shoes", "1", 0.5, 0.6), Judgment("shoes", "2", 0.4, 0.9), Judgment("shoes", "3", 0.9, 0.9)]
    found += [Judgment(f"{HIDDEN}0a1b", "1", 0.5), Judgment(f"{CUT}shoes of", "1", 0.5)]
    assert as_a_list(found, [Round(page, {})], "sku") == [Judgment("shoes", "sku-a", 0.4, 0.9)]
    assert as_a_list(found, [Round(page, {})], None) == found[:3]
