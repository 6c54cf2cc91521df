"""Clicks to judgments, against simulated people whose examination and taste are known."""

from dataclasses import replace

import numpy as np

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


def test_a_list_names_objects_and_tells_no_query_that_was_hidden_or_cut() -> None:
    page = decision("shoes", 0, ["1", "2", "3"], {}, 3)
    names = {"1": "sku-a", "2": "sku-a"}
    page = replace(page, candidates=tuple(c._replace(object_id=names.get(c.key.id)) for c in page.candidates))
    found = [Judgment("shoes", "1", 0.5, 0.6), Judgment("shoes", "2", 0.4, 0.9), Judgment("shoes", "3", 0.9, 0.9)]
    found += [Judgment(f"{HIDDEN}0a1b", "1", 0.5), Judgment(f"{CUT}shoes of", "1", 0.5)]
    assert as_a_list(found, [Round(page, {})], "sku") == [Judgment("shoes", "sku-a", 0.4, 0.9)]
    assert as_a_list(found, [Round(page, {})], None) == found[:3]
