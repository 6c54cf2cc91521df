from datetime import UTC, datetime

import pytest

from ltrr_opensearch.demo import steps
from ltrr_opensearch.demo.measure import judgments
from ltrr_opensearch.demo.users import Visited
from ltrr_opensearch.logged import Decision, SlotRecord
from ltrr_opensearch.types import Asker, Outcome

LADDER = (0, 10, 50)


def slot(strategy: str, depth: int, pmf: tuple[float, ...] = (0.2, 0.3, 0.5)) -> SlotRecord:
    return SlotRecord(
        plan=strategy,
        strategy=strategy,
        source="lexical",
        action={"found": 0.4, "likelihood": 1.0},
        feasible=(True, True, True),
        pmf=pmf,
        depth=depth,
        probability=pmf[LADDER.index(depth)],
        outcome=Outcome.OK if depth else Outcome.NOT_ASKED,
        found=depth,
        total=depth,
        took_ms=1.0,
    )


def decision(query_id: str, *slots: SlotRecord) -> Decision:
    return Decision(
        query_id=query_id,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        index="shop",
        text="fan",
        normalized="fan",
        language="en",
        asker=Asker(),
        phase="live",
        policy="p",
        ranker="fused",
        release="r",
        context={"kind=word": 1.0, "tokens": 0.1, "hour=3": 1.0},
        ladder=LADDER,
        slots=slots,
        candidates=(),
        offset=0,
        shown=2,
        total=2,
        took_ms=3.0,
    )


def test_a_batch_is_what_users_saw_and_what_was_drawn() -> None:
    seen = [Visited("fan", "a", ("1", "2"), (1,), 5.0), Visited("fan", "b", ("2", "1"), (), 5.0)]
    logged = {"a": decision("a", slot("lexical", 50), slot("knn", 10)), "b": decision("b", slot("lexical", 0))}
    batch = steps.step(1, seen, logged, judgments({"fan": {"1": 3, "2": 0}}))
    assert batch.clicked == 0.5
    assert batch.candidates == 30
    assert batch.ndcg == pytest.approx((1 + 1 / 1.58496) / 2, abs=1e-4)
    assert batch.shares == {"one word": {"lexical": pytest.approx(5 / 6), "knn": pytest.approx(1 / 6)}}


def test_the_explanation_takes_depths_as_served_and_probabilities_as_explored() -> None:
    served = decision("a", slot("knn", 10, (0.0, 1.0, 0.0)))
    exploring = decision("b", slot("knn", 50))
    (drawn,) = steps.explanation(served, exploring)
    assert drawn.depth == 10
    assert drawn.pmf == ((0, 0.2), (10, 0.3), (50, 0.5))
    assert drawn.facts == (("found", 0.4),)


def test_only_what_tells_the_query_apart_is_shown_as_context() -> None:
    assert steps.telling_context(decision("a")) == (("kind=word", 1.0), ("tokens", 0.1))
