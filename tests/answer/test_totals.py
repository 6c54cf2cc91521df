from __future__ import annotations

from typing import Any

import pytest

from ltrr_opensearch.answer import totals
from ltrr_opensearch.types import DocKey

A, B, C = (DocKey("products", id) for id in "abc")


def page(value: int, relation: str = "eq") -> dict[str, Any]:
    return {"hits": {"total": {"value": value, "relation": relation}}}


@pytest.mark.parametrize(
    ("asked", "bound"), [({}, 10_000), ({"track_total_hits": 7}, 7), ({"track_total_hits": True}, 2**31 - 1)]
)
def test_the_bound_is_what_the_client_asked_for(asked: dict[str, Any], bound: int) -> None:
    assert totals.bound_of(asked) == bound


@pytest.mark.parametrize(
    ("found", "more", "total"),
    [
        ((7, "eq"), 3, (10, "eq")),
        ((9, "eq"), 3, (10, "gte")),
        ((10, "gte"), 3, (10, "gte")),
        ((10, "eq"), 0, (10, "eq")),
    ],
)
def test_hits_that_the_query_does_not_match_are_counted_up_to_its_bound(
    found: tuple[int, str], more: int, total: tuple[int, str]
) -> None:
    counted = totals.with_more({"value": found[0], "relation": found[1]}, more, bound=10)
    assert (counted["value"], counted["relation"]) == total


def test_a_page_with_all_that_matches_leaves_nothing_uncertain() -> None:
    own, union = [A], [B, A, C]
    assert totals.uncertain(page(1), own, union) == []
    assert totals.unmatched(page(1), own, union) == 2


def test_what_the_page_does_not_show_is_uncertain_where_the_total_depends_on_it() -> None:
    own, union = [A], [B, A, C]
    assert totals.uncertain(page(9), own, union) == [B, C]
    assert totals.uncertain(page(9, "gte"), own, union) == []
    assert totals.uncertain({"hits": {}}, own, union) == []
    assert totals.unmatched({"hits": {}}, own, union) == 0
