"""What the log says of fall-backs and failed plans."""

from __future__ import annotations

import pytest

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.telemetry.faults import AGAIN_S, Faults
from ltrr_opensearch.types import Outcome, PlanResult, QueryPlan


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def fall_back(faults: Faults, error: Exception) -> None:
    try:
        raise error
    except type(error):
        faults.fell_back("rank")


def test_a_fault_of_ours_is_told_with_its_place_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    faults = Faults(clock)
    for error in (KeyError("a"), KeyError("b"), ValueError("c"), Unreachable("away"), TimeoutError()):
        fall_back(faults, error)
    faults.fell_back("refused")
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [KeyError, ValueError]
    clock.now = AGAIN_S
    fall_back(faults, KeyError("a"))
    assert len(caplog.records) == 3


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("400 parsing_exception: [red shoes] is odd", "400 parsing_exception"),
        ("429 b'red shoes'", "429"),
        ("KeyError('red shoes')", "KeyError"),
        ("no connection to the cluster at http://x: red shoes", None),
    ],
)
def test_a_failed_plan_is_told_without_what_was_asked(
    error: str, said: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    plan = QueryPlan("knn", "knn", "dense", lambda _depth, _vector: None)
    faults = Faults(Clock())
    for outcome in (Outcome.OK, Outcome.FAILED, Outcome.FAILED):
        faults.failed([PlanResult(plan, 10, outcome, error=error)])
    assert caplog.messages == ([f"a plan of strategy knn failed: {said}"] if said else [])
