"""Candidates as columns are, and answer, what the records would that they stand for."""

from __future__ import annotations

from dataclasses import replace

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_opensearch.candidate_columns import Columns, PlanColumn, firsts, ids_of, named, objects_of
from ltrr_opensearch.log.candidates import Only
from ltrr_opensearch.log.records import from_document, to_document
from ltrr_opensearch.logged import CandidateRecord, Decision
from tests.learn.synthetic import decisions
from tests.log.test_records import DECISIONS, NAMES

EVERYTHING = Only(10**6, frozenset())


def _read(decision: Decision, only: Only = EVERYTHING) -> Columns:
    candidates = from_document(orjson.loads(orjson.dumps(to_document(decision))), only).candidates
    assert isinstance(candidates, Columns)
    return candidates


def _plain(decision: Decision) -> tuple[CandidateRecord, ...]:
    return tuple(c._replace(features=None) for c in decision.candidates)


@given(DECISIONS, st.frozensets(NAMES, max_size=3))
@settings(max_examples=150)
def test_both_forms_say_the_same(decision: Decision, some: frozenset[str]) -> None:
    # on the page are all, so all are read
    decision = replace(decision, offset=0, shown=len(decision.candidates))
    columns, records = _read(decision), _plain(decision)
    assert columns == records
    assert records == columns
    assert len(columns) == len(records)
    assert list(columns) == list(records)
    assert columns[1:] == records[1:]
    assert list(ids_of(columns)) == list(ids_of(records))
    assert objects_of(columns) == objects_of(records)
    some |= {c.key.id for c in records[::2]}
    assert named(columns, some) == named(records, some)
    assert firsts(columns, 2) == firsts(records, 2)


def test_an_order_that_lacks_a_plan_ends_no_learning() -> None:
    """As a damaged record has it: refused where it is read, or read; not met by who looks at it later."""
    columns = Columns(["a"], "shop", {}, {}, (), {0: ["q"]}, [PlanColumn(p, [0], [1], [1.0]) for p in ("p", "q")])
    assert [f.plan for f in columns[0].found] == ["q", "p"]


def test_records_are_of_the_classes_they_were() -> None:
    (made,) = decisions(1)
    for ours, theirs in zip(_read(made), made.candidates, strict=True):
        assert type(ours) is type(theirs)
        assert type(ours.key) is type(theirs.key)
        assert [type(f) for f in ours.found] == [type(f) for f in theirs.found]
