"""Figures of ranking: what was lost adds up, targets stand beside, and counting clicks is told from correcting them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ltrr_opensearch.bench.ranking_clicks import COUNTED, _line_2, counted, over_folds
from ltrr_opensearch.bench.ranking_unseen import FUSED, IDEAL, LEARNED, LINEAR, RRF, SINGLE, Measured, Unions, figures
from ltrr_opensearch.bench.suites import SUITES, find
from ltrr_opensearch.learn.clicks.impressions import impressions
from ltrr_opensearch.logged import Round
from tests.learn.clicks import decision

QUERIES = [f"q{n}" for n in range(40)]


def flat(value: float) -> dict[str, float]:
    return dict.fromkeys(QUERIES, value)


def test_what_is_lost_adds_up_and_every_claim_has_its_target() -> None:
    ndcg = {
        RRF: flat(0.75),
        FUSED: flat(0.78),
        SINGLE: flat(0.7),
        LINEAR: flat(0.79),
        LEARNED: flat(0.81),
        IDEAL: flat(0.97),
    }
    measured = Measured(ndcg, {name: flat(0.5) for name in ndcg}, flat(0.9), 5)
    unions = cast("Unions", SimpleNamespace(gathered={q: SimpleNamespace(ids=("a", "b")) for q in QUERIES}))
    found = {f.name: f for f in figures(unions, measured)}
    lost = sum(found[f"unseen_lost_to_{what}"].value for what in ("retrieval", "ranking", "unrated"))
    assert lost == pytest.approx(1 - found["unseen_lambdamart"].value)
    assert found["unseen_ahead_of_rrf"].value == pytest.approx(0.06)
    assert found["unseen_ahead_of_rrf"].target == 0.03
    assert found["unseen_ahead_of_rrf_lower_bound"].target == 0.0
    assert found["unseen_lambdamart"].aim == 0.83
    assert found["unseen_lambdamart_judged"].unit == "judged@10"
    assert not any(f.falls_short for f in found.values())


def test_counting_takes_everything_shown_for_looked_at() -> None:
    seen = impressions([Round(decision("q", n, ["a", "b"], {}, 2), {"b": 1.0}) for n in range(50)])
    assert seen
    fitted = counted(seen)
    assert fitted.examination.tolist() == [1.0, 1.0]
    assert dict(zip(seen.pairs, fitted.attractive, strict=True))["q", "b"] > 0.9


def test_clicks_are_held_to_what_ratings_give() -> None:
    by: dict[str, Any] = {"position": flat(0.78), "ratings": flat(0.8), COUNTED: flat(0.7)}
    told = {"position": flat(0.9), COUNTED: flat(0.8)}
    found = {f.name: f for f in _line_2({"position": by}, {"position": told}, "")}
    assert found["clicks_share_of_ratings"].value == pytest.approx(0.975)
    assert found["clicks_share_of_ratings"].target == 0.95
    assert found["clicks_correction_unseen"].value == pytest.approx(0.08)
    assert found["clicks_correction_unseen_lower_bound"].target == 0.0
    assert found["clicks_correction_taught"].value == pytest.approx(0.1)
    assert found["clicks_correction_taught_lower_bound"].target is None
    assert np.isfinite([f.value for f in found.values()]).all()


def test_every_fold_of_a_query_weighs_the_same() -> None:
    folds = [{"a": 1.0}, {"a": 0.0, "b": 0.5}, {"a": 0.0}, {"a": 0.6, "b": 0.7}]
    assert over_folds(folds) == pytest.approx({"a": 0.4, "b": 0.6})


def test_every_suite_is_there() -> None:
    assert {name: callable(find(name)) for name in SUITES} == dict.fromkeys(SUITES, True)
