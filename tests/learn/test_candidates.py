"""Which searches a ranker is trained on and which judge it, beside what serves."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.evaluate.off_policy import drawn_by
from ltrr_opensearch.evaluate.table import Rungs, Table
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.learn import candidates, compare
from ltrr_opensearch.learn.gate import Compared, judge
from ltrr_opensearch.learn.join import rounds
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.learn.ranker import train_ranker
from ltrr_opensearch.learn.watermarks import THROUGH
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.protocols import Policy, Ranker
from ltrr_opensearch.rank.feature_sets import OF_BEST
from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import EXPLORATION
from tests.learn.synthetic import clicks, decisions

SETTINGS = Settings.model_validate({"learn": {"ranker": "linear", "min_rounds": 100}})
GREEDY = Settings.model_validate(
    {"choose": {"policy": "greedy", "apprentice_rounds": 0}, "learn": {"min_effective": 30}}
)
INDEX = IndexSettings(text_fields={"title": 1})
SEARCHES = decisions(300)
ACTIONS = {click.query_id: click for click in clicks(SEARCHES)}
ROUNDS = rounds(
    [(d, [ACTIONS[d.query_id]] if d.query_id in ACTIONS else []) for d in SEARCHES], SETTINGS.learn, Counter()
)


def serving(learned: int) -> Part:
    """A ranker that has learned so many of the searches."""
    part = train_ranker(ROUNDS[:200], SETTINGS, INDEX)
    return replace(part, meta={**part.meta, THROUGH: ROUNDS[learned - 1].decision.at.isoformat()})


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Round]:
    """The searches that the next candidate is judged on."""
    seen: list[Round] = []

    def compare(_c: Ranker, _s: Ranker | None, newest: Sequence[Round], _i: IndexSettings, _m: str) -> Compared:
        seen[:] = newest
        return Compared("nDCG@10", 0.6, 0.5, 0.0, 0.2, len(newest))

    monkeypatch.setattr(candidates, "compare_rankers", compare)
    return seen


@pytest.mark.parametrize(("learned", "first"), [(200, 240), (240, 240), (270, 270), (280, 280)])
def test_what_the_serving_ranker_has_learned_judges_nobody(judged: list[Round], learned: int, first: int) -> None:
    trained = candidates.ranker(ROUNDS, SETTINGS, INDEX, serving(learned))
    assert trained.part
    assert judged == ROUNDS[first:]


@pytest.mark.parametrize("learned", [281, 300])
def test_too_few_new_searches_are_refused(judged: list[Round], learned: int) -> None:
    refused = candidates.ranker(ROUNDS, SETTINGS, INDEX, serving(learned))
    assert refused.part is None
    assert f"too few new searches: {300 - learned} that" in refused.verdict.reason
    assert "fewer than 20 (a fifth of learn.min_rounds)" in refused.verdict.reason
    assert judged == []


def test_where_nothing_serves_the_newest_fifth_judges(judged: list[Round]) -> None:
    damaged = replace(serving(300), algorithm="linear", payload=b"damaged", created=datetime(2026, 1, 1, tzinfo=UTC))
    for nothing in (None, damaged):
        assert candidates.ranker(ROUNDS, SETTINGS, INDEX, nothing).part
        assert judged == ROUNDS[240:]


def test_no_search_is_judged_by_a_policy_that_has_learned_it(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[tuple[str, list[str]]] = []

    def train(some: Sequence[Round], settings: Settings, before: Part | None) -> Part:
        events.append(("learned", [one.decision.query_id for one in some]))
        return train_policy(some, settings, before)

    def drawn(policy: Policy, table: Table, settings: Settings, asked: NDArray[np.bool_]) -> Rungs:
        events.append(("judged", [d.query_id for d, ask in zip(table.decisions, asked, strict=True) if ask]))
        return drawn_by(policy, table, settings, asked)

    monkeypatch.setattr(candidates, "train_policy", train)
    monkeypatch.setattr(compare, "drawn_by", drawn)
    settings = GREEDY
    trained = candidates.policy([ROUNDS], settings, None)
    assert trained.part
    *by_candidate, by_serving = [ids for what, ids in events if what == "judged"]
    everyone = [one.decision.query_id for one in ROUNDS]
    assert [id for ids in by_candidate for id in ids] == by_serving == everyone
    learned: set[str] = set()
    for what, ids in events[:-1]:
        assert not learned & set(ids)
        learned |= set(ids) if what == "learned" else set()
    assert trained.part.meta["rounds"] == len(learned) == len(ROUNDS)


def with_exploration(one: Round) -> Round:
    """As a search leaves it whose log also holds the slot that only explores."""
    slots = one.decision.slots
    fresh = slots[0]._replace(plan="fresh", strategy="fresh", source=EXPLORATION, depth=0, pmf=(1.0, 0.0, 0.0, 0.0))
    return replace(one, decision=replace(one.decision, slots=(*slots, fresh)))


def test_slots_that_only_explore_change_no_verdict() -> None:
    settings = GREEDY
    bare = candidates.policy([ROUNDS], settings, None)
    explored = candidates.policy([[with_exploration(one) for one in ROUNDS]], settings, None)
    assert bare.part
    assert explored.part
    assert explored.verdict == bare.verdict
    assert explored.part.payload == bare.part.payload


def test_a_ranker_that_logs_cannot_replay_is_not_replaced_by_clicks() -> None:
    taught = LinearRanker((f"bm25_title{OF_BEST}",), np.array([1.0]))
    compared = compare.compare_rankers(taught, taught, ROUNDS, INDEX)
    assert "was taught by ratings" in compared.refusal
    assert not judge("ranker", compared, SETTINGS.learn).passed


def test_counts_of_searches_that_broke_off_are_not_published() -> None:
    """What the policy takes for a fault of its own would else leave half of the searches out for good."""

    def broken() -> Iterator[list[Round]]:
        yield ROUNDS[:100]
        raise DataError("search 101 cannot be read")

    counting = candidates.Counting(SETTINGS, {})
    assert candidates.policy(counting.counting(broken()), SETTINGS, None).verdict.reason == "search 101 cannot be read"
    with pytest.raises(DataError, match="search 101"):
        counting.payloads(())


def test_a_policy_that_cannot_learn_does_not_keep_searches_from_being_counted() -> None:
    def unlearnable(one: Round) -> Round:
        slots = tuple(s._replace(action={"found": float("nan")}) for s in one.decision.slots)
        return replace(one, decision=replace(one.decision, slots=slots))

    batches = [ROUNDS[:100], [unlearnable(one) for one in ROUNDS[100:200]], ROUNDS[200:]]
    settings = Settings.model_validate({"choose": {"policy": "vowpal"}, "learn": {"judge_rounds": 50}})
    counting, whole = (candidates.Counting(settings, {}) for _ in range(2))
    passing = counting.counting(iter(batches))
    assert not candidates.policy(passing, settings, None).verdict.passed
    deque(passing, maxlen=0)
    deque(whole.counting(batches), maxlen=0)
    assert counting.payloads(()) == whole.payloads(())
