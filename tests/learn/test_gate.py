from __future__ import annotations

import pytest

from ltrr_opensearch.learn.gate import Compared, judge, too_few, unheard
from ltrr_opensearch.learn_settings import LearnSettings

LEARN = LearnSettings(gate_margin=0.01, min_rounds=100)


@pytest.mark.parametrize(
    ("candidate", "passed", "says"),
    [
        (0.60, True, "reward 0.6000 against 0.5000"),
        (0.495, True, "against"),
        (0.48, False, "worse by more than learn.gate_margin 0.01"),
        (float("nan"), False, "worse"),
    ],
)
def test_a_candidate_may_look_only_a_little_worse(candidate: float, passed: bool, says: str) -> None:
    verdict = judge("policy", Compared("reward", candidate, 0.5, -0.1, 0.1, 50), LEARN)
    assert (verdict.passed, says in verdict.reason) == (passed, True)


@pytest.mark.parametrize(
    ("high", "passed", "says"),
    [
        (-0.009, True, "reward 0.4910 against 0.5000, the safe plan 0.5100"),
        (
            -0.011,
            False,
            "the safe plan 0.5100: proven worse than if nothing were learned by more than learn.gate_margin",
        ),
        (float("nan"), False, "worse than if nothing were learned"),
    ],
)
def test_a_candidate_may_not_creep_below_the_safe_plan(high: float, passed: bool, says: str) -> None:
    """By the upper end of the interval: a log that hardly shows the safe plan refuses nothing by chance."""
    verdict = judge("policy", Compared("reward", 0.491, 0.5, -0.1, 0.1, 50, safe=0.51, safe_high=high), LEARN)
    assert (verdict.passed, says in verdict.reason) == (passed, True)


def test_where_the_log_cannot_tell_of_the_safe_plan_that_is_said() -> None:
    verdict = judge(
        "policy", Compared("reward", 0.6, 0.5, 0, 0.2, 50, safe_untold="50 searches weigh as 3 of it"), LEARN
    )
    assert verdict.passed
    assert verdict.reason.endswith("beside the safe plan the log cannot judge it: 50 searches weigh as 3 of it")


def test_the_first_has_to_be_proven_better() -> None:
    refused = judge("ranker", Compared("nDCG@10", 0.6, 0.5, -0.01, 0.2, 50, first=True), LEARN)
    assert not refused.passed
    assert "not proven better, the interval of the difference is -0.0100 to 0.2000" in refused.reason
    assert judge("ranker", Compared("nDCG@10", 0.6, 0.5, 0.01, 0.2, 50, first=True), LEARN).passed


def test_what_the_log_cannot_judge_is_refused() -> None:
    verdict = judge("policy", Compared("reward", 1.0, 0.5, 0.4, 0.6, 50, "effective sample 3"), LEARN)
    assert (verdict.passed, verdict.reason) == (False, "the log cannot judge it: effective sample 3")


def test_few_searches_publish_nothing() -> None:
    few = too_few("ranker", 99, LEARN)
    assert few
    assert "99 searches, fewer than learn.min_rounds 100" in few.reason
    assert too_few("ranker", 100, LEARN) is None


def test_a_log_in_which_hardly_anybody_acted_teaches_no_policy() -> None:
    learn = LearnSettings(min_rounds=100)
    refused = unheard("policy", 19, learn)
    assert refused is not None
    assert "19 searches were acted upon, fewer than 20" in refused.reason
    assert unheard("policy", 20, learn) is None
