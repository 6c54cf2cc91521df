from __future__ import annotations

import json
import math
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.log import records
from ltrr_opensearch.log.candidates import Only
from ltrr_opensearch.logged import CandidateRecord, Decision, Placed, Ruled, SlotRecord, Trial
from ltrr_opensearch.types import Asker, DocKey, Found, Outcome

NAMES = st.text(string.ascii_lowercase + '._="é\t ', min_size=1, max_size=6)
NUMBERS = st.floats(allow_nan=False) | st.integers(-5, 5).map(float)
SHARES = st.floats(0, 1)
FEATURES = st.dictionaries(NAMES, NUMBERS, max_size=4) | st.dictionaries(NAMES, st.floats(width=32), max_size=4).filter(
    lambda row: not any(map(math.isnan, row.values()))
)
SLOTS = st.builds(
    SlotRecord,
    plan=NAMES,
    strategy=NAMES,
    source=NAMES,
    action=FEATURES,
    feasible=st.lists(st.booleans(), max_size=4).map(tuple),
    pmf=st.lists(SHARES, max_size=4).map(tuple),
    depth=st.integers(0, 200),
    probability=SHARES,
    outcome=st.sampled_from(Outcome),
    found=st.integers(0, 200),
    total=st.integers(0, 10**9),
    took_ms=SHARES,
    original=st.booleans(),
)
CANDIDATES = st.builds(
    CandidateRecord,
    key=st.builds(DocKey, st.sampled_from(["a", "b"]), NAMES, st.none() | NAMES),
    found=st.lists(
        st.builds(Found, st.sampled_from(["p", "q", "r"]), st.integers(1, 4), NUMBERS), unique_by=lambda f: f.plan
    ).map(tuple),
    features=st.none() | FEATURES,
    object_id=st.none() | NAMES,
    team=st.none() | st.sampled_from(["usual", "new"]),
)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
DECISIONS = st.builds(
    Decision,
    query_id=NAMES,
    at=TIMES,
    index=NAMES,
    text=st.text(max_size=8),
    normalized=NAMES,
    language=NAMES,
    asker=st.builds(Asker, user=st.none() | NAMES, locale=st.none() | NAMES, explore=st.booleans()),
    phase=NAMES,
    policy=NAMES,
    ranker=NAMES,
    release=NAMES,
    context=FEATURES,
    ladder=st.lists(st.integers(0, 500), max_size=4).map(tuple),
    slots=st.lists(SLOTS, max_size=3).map(tuple),
    candidates=st.lists(CANDIDATES, max_size=5).map(tuple),
    offset=st.integers(0, 50),
    shown=st.integers(0, 50),
    total=st.integers(0, 10**6),
    took_ms=SHARES,
    sampled=SHARES,
    parent_query_id=st.none() | NAMES,
    rules=st.just(("sale", "old")),
    ruled=st.lists(
        st.builds(
            Ruled,
            rule=st.sampled_from(["sale", "old"]),
            action=st.sampled_from(["pin", "boost", "bury"]),
            key=st.builds(DocKey, st.sampled_from(["a", "b"]), NAMES, st.none() | NAMES),
            rank=st.integers(1, 99),
            was=st.integers(0, 99),
        ),
        max_size=4,
    ).map(tuple),
    placed=st.none()
    | st.builds(
        Placed, key=st.builds(DocKey, NAMES, NAMES, st.none() | NAMES), rank=st.integers(2, 10), probability=SHARES
    ),
    trial=st.none() | st.builds(Trial, NAMES, st.none() | NAMES),
)


@given(DECISIONS)
@settings(max_examples=150)
def test_round_trip_through_json_loses_nothing(decision: Decision) -> None:
    assert records.from_document(orjson.loads(orjson.dumps(records.to_document(decision)))) == decision


@given(DECISIONS, st.integers(1, 3), st.sets(NAMES, max_size=2))
@settings(max_examples=150)
def test_only_some_candidates_are_read(decision: Decision, first: int, named: set[str]) -> None:
    acted = {c.object_id for c in decision.candidates if c.key.id in named and c.object_id is not None} | named
    wanted = tuple(
        c._replace(features=None)
        for place, c in enumerate(decision.candidates)
        if place < decision.offset + decision.shown
        or any(f.rank <= first for f in c.found)
        or c.key.id in named
        or c.object_id in acted
    )
    document = orjson.loads(orjson.dumps(records.to_document(decision)))
    assert records.from_document(document, Only(first, named)) == replace(decision, candidates=wanted)


def typical(query_id: str = "q1", candidates: int = 100) -> Decision:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    plans = ("original", "lexical", "structured", "q2e", "knn")
    ladder = (0, 10, 50, 200)
    slots = tuple(
        SlotRecord(
            plan=plan,
            strategy=plan,
            source="lexical",
            action={f"strategy={plan}": 1.0, "similarity": 0.25, "mean_reward": 0.5},
            feasible=(True,) * 4,
            pmf=(0.0125, 0.0125, 0.9625, 0.0125),
            depth=50,
            probability=0.9625,
            outcome=Outcome.OK,
            found=50,
            total=1234,
            took_ms=4.25,
        )
        for plan in plans
    )
    rows = tuple(
        CandidateRecord(
            key=DocKey("shop", f"{3_000_000 + i * 7919}"),
            found=tuple(Found(p, i // 2 + 1, 12.345678 - i / 10) for n, p in enumerate(plans) if (i + n) % 2 == 0),
            features={f"feature_{j}": j + i / 7 for j in range(15)} if i < 10 else None,
        )
        for i in range(candidates)
    )
    return Decision(
        query_id=query_id,
        at=at,
        index="shop",
        text="usb cable",
        normalized="usb cable",
        language="en",
        asker=Asker(user="u1", session="s1"),
        phase="live",
        policy="vowpal",
        ranker="lambdamart-1",
        release="r1",
        context={f"context_{i}": i / 3 for i in range(20)},
        ladder=ladder,
        slots=slots,
        candidates=rows,
        offset=0,
        shown=10,
        total=1234,
        took_ms=17.5,
    )


def test_a_hundred_candidates_take_a_few_kilobytes() -> None:
    assert len(orjson.dumps(records.to_document(typical()))) < 10_000


def test_rows_of_single_precision_take_few_digits() -> None:
    row = {"a": float(np.float32(0.1)), "b": float(np.float32(1 / 3))}
    decision = replace(typical(candidates=1), candidates=(typical().candidates[0]._replace(features=row),))
    document = records.to_document(decision)
    assert document["candidates"]["features"]["rows"] == [[0.1, 0.33333334]]
    assert records.from_document(document) == decision


def test_not_a_number_survives() -> None:
    decision = replace(typical(candidates=1), context={"a": float("nan"), "b": float("-inf")})
    back = records.from_document(json.loads(orjson.dumps(records.to_document(decision))))
    assert str(back.context["a"]) == "nan"
    assert back.context["b"] == float("-inf")


def test_times_are_zoned_and_choose_the_month_in_utc() -> None:
    late = datetime(2026, 3, 31, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    assert records.index_name("ltrr", late) == "ltrr_decisions-2026.04"
    assert records.zoned(late) == "2026-04-01T01:30:00.000000Z"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"@timestamp": "yesterday"}, "isoformat"),
        ({"@timestamp": "2026-01-01T00:00:00"}, "no zone"),
        ({"slots": {}}, "KeyError"),
        ({"asker": {"nobody": 1}}, "nobody"),
        ({"candidates": []}, "TypeError"),
    ],
)
def test_a_damaged_document_is_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(DataError, match=f"decision 'q1' cannot be read.*{says}"):
        records.from_document({**records.to_document(typical()), **change})
