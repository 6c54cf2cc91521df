"""Evidence from rounds with a known truth: `tests.worlds`, where the best strategy depends on the kind of query."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.learn.counting import judged, seen
from ltrr_opensearch.learn.evidence import Evidence
from ltrr_opensearch.logged import CONTROL, FAILED, Round
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Asker
from tests.worlds import reward, searches, serve, without_floor

SETTINGS = Settings.model_validate({"learn": {"price_per_candidate": 0.002}, "choose": {"floor": 0.6}})
SAFE = Fixed(SETTINGS.choose.safe_depth)
SOME = searches(1500, 5)


def told(one: Round, **changes: Any) -> Round:
    asker = Asker(user=f"user {one.decision.query_id}")
    given: dict[str, Any] = {"asker": asker, **changes}
    return replace(one, decision=replace(one.decision, **given))


def test_what_a_shadow_would_have_earned_is_exact() -> None:
    bare = without_floor(SETTINGS)
    depths = {"original": 10, "structured": 10, "q2e": 50, "knn": 0}
    shadow = Fixed(0, depths)
    rounds = [told(serve(s, SAFE, bare), group=CONTROL, shadow=tuple(depths.values())) for s in SOME]
    truth = [reward(serve(s, shadow, bare), bare) - reward(serve(s, SAFE, bare), bare) for s in SOME]
    evidence = judged(Evidence(), rounds, "shadow", SETTINGS)
    assert evidence.advantage.mean == pytest.approx(np.mean(truth))
    held = sum(bool(serve(s, shadow, bare).gains) for s in SOME) / sum(bool(r.gains) for r in rounds)
    assert evidence.agreement == pytest.approx(held)
    assert evidence.control.clicked == sum(bool(r.gains) for r in rounds)


def test_the_safe_plan_is_estimated_where_the_policy_acts_for_all() -> None:
    rounds = [told(serve(s, SAFE, SETTINGS)) for s in SOME]
    evidence = Evidence()
    for start in range(0, len(rounds), 300):
        evidence = judged(evidence, rounds[start : start + 300], "apprentice", SETTINGS)
    bare = without_floor(SETTINGS)
    truth = np.mean([reward(r, SETTINGS) for r in rounds]) - np.mean([reward(serve(s, SAFE, bare), bare) for s in SOME])
    low, high = evidence.advantage.interval(0.05)
    assert low < truth < high
    assert high - low < 0.3
    assert 50 < evidence.effective < len(SOME)


def test_groups_are_told_apart_and_a_failure_is_the_policys() -> None:
    rounds = [serve(s, SAFE, SETTINGS) for s in SOME[:300]]
    mixed = [told(r, group=(CONTROL, "policy", FAILED)[n % 3]) for n, r in enumerate(rounds)]
    decisions = [r.decision for r in mixed]
    evidence = seen(judged(Evidence(), mixed, "share", SETTINGS), decisions, "share")
    assert (evidence.policy.worth.count, evidence.control.worth.count) == (200, 100)
    assert (evidence.policy.failed.mean, evidence.control.failed.mean) == (0.5, 0.0)
    assert evidence.policy.empty.mean == np.mean([not d.candidates for d in decisions if d.group != CONTROL])
    looked_on = seen(Evidence(), decisions, "shadow")
    assert (looked_on.policy.failed.count, looked_on.control.failed.count) == (0, 300)


def test_times_are_known_to_a_tenth() -> None:
    took = np.random.default_rng(1).lognormal(3, 0.5, 2000)
    decisions = [told(serve(SOME[0], SAFE, SETTINGS), took_ms=float(ms)).decision for ms in took]
    group = seen(Evidence(), decisions, "live").policy
    assert group.within_ms(0.95) == pytest.approx(np.quantile(took, 0.95), rel=0.1)
    assert group.slower(float(np.quantile(took, 0.9))) == pytest.approx(200, rel=0.4)
