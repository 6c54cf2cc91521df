"""Searches that wait to be learned come back as they were."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.learn import packing
from ltrr_opensearch.learn.packing import packed, unpacked
from ltrr_opensearch.learn.read import understood
from ltrr_opensearch.log.candidates import Only
from ltrr_opensearch.log.records import from_document, to_document
from ltrr_opensearch.logged import Event
from tests.learn.synthetic import clicks, decisions
from tests.log.test_records import DECISIONS, NAMES, TIMES

EVENTS = st.builds(Event, NAMES, TIMES, NAMES, st.none() | NAMES, st.none() | st.integers(1, 9), st.none() | NAMES)


@given(st.lists(st.tuples(DECISIONS, st.lists(EVENTS, max_size=2)), max_size=4))
@settings(max_examples=150)
def test_nothing_is_lost(joined: list[tuple[object, list[Event]]]) -> None:
    assert list(unpacked(packed(joined))) == joined  # type: ignore[arg-type]


def test_values_are_of_the_classes_they_were() -> None:
    (decision, _), *_ = unpacked(packed([(decisions(1)[0], ())]))
    before = decisions(1)[0]
    for name in ("slots", "candidates"):
        ours, theirs = getattr(decision, name), getattr(before, name)
        assert [[type(value) for value in one] for one in ours] == [[type(value) for value in one] for one in theirs]
        assert {type(one) for one in ours} == {type(one) for one in theirs}
    assert [type(f) for c in decision.candidates for f in c.found] == [
        type(f) for c in before.candidates for f in c.found
    ]
    assert decision.at.tzinfo is before.at.tzinfo


def test_many_come_back_in_their_order() -> None:
    searches = decisions(2 * packing.CHUNK + 7)
    events = {event.query_id: [event] for event in clicks(searches)}
    joined = [(one, events.get(one.query_id, [])) for one in searches]
    assert list(unpacked(packed(joined))) == joined


def test_a_microsecond_counts() -> None:
    one = decisions(1)[0]
    other = replace(one, at=one.at + timedelta(microseconds=1))
    assert [d.at for d, _ in unpacked(packed([(one, ()), (other, ())]))] == [one.at, other.at]


@pytest.mark.parametrize(("name", "value"), [("rank", 2**40), ("rank", "x"), ("rank", 1.5), ("at", 2**40), ("at", "x")])
def test_a_number_that_cannot_be_packed_is_refused_where_it_is_read(name: str, value: object) -> None:
    """One damaged document is counted and left out; it does not end the run."""
    document = to_document(decisions(1)[0])
    plan = next(plan for plan in document["candidates"]["found"]["plans"] if plan["at"])
    plan["rank"] = list(plan.get("rank") or range(1, len(plan["at"]) + 1))
    all_kept, first_kept = Only(200, frozenset()), Only(1, frozenset())
    assert packed([(from_document(document, all_kept), ())])
    plan[name] = [value, *plan[name][1:]]
    with pytest.raises(DataError, match="cannot be read"):
        from_document(document, all_kept)
    counts = Counter[str]()
    left = understood([(document, first_kept)], counts)
    assert len(packed([(one, ()) for one in left])) > 0
    assert len(left) + counts["unreadable decisions"] == 1
