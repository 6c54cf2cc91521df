from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.answer.listing import Listing, from_document, listing, to_document
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import Candidate, DocKey, Found, Ranked


def key(id: str) -> DocKey:
    return DocKey("products", id)


def keys(ids: str) -> tuple[DocKey, ...]:
    return tuple(map(key, ids))


def ranked(ids: str) -> tuple[Ranked, ...]:
    return tuple(Ranked(Candidate(key(i), (Found("knn", r, 0.5),)), r, 10.0 - r) for r, i in enumerate(ids, start=1))


def test_the_clients_own_hits_follow_the_union_once_each_in_their_order() -> None:
    order = listing(ranked("ca"), keys("abd"), "q1")
    assert (order.keys, order.union) == (keys("cabd"), keys("ca"))


def test_what_is_gone_closes_up_the_order() -> None:
    order = Listing("q1", keys("abcde"), 3).without(set(keys("bd")))
    assert order == Listing("q1", keys("ace"), 2)


def test_a_cut_never_takes_from_the_union() -> None:
    order = Listing("q1", keys("abcde"), 3)
    assert order.first(4).keys == keys("abcd")
    assert order.first(1).keys == keys("abc")


some_keys = st.lists(
    st.builds(DocKey, st.sampled_from(["a", "b-2026", "c"]), st.text(max_size=9), st.none() | st.text(max_size=3)),
    unique=True,
    max_size=30,
)


@given(some_keys, st.integers(0, 30))
def test_an_order_comes_back_from_its_document_as_it_was(found: list[DocKey], union: int) -> None:
    order = Listing("q1", tuple(found), min(union, len(found)))
    assert from_document(orjson.loads(orjson.dumps(to_document(order)))) == order


def test_the_document_of_an_order_holds_ids_and_nothing_else() -> None:
    assert to_document(Listing("q1", keys("ab"), 1)) == {
        "query_id": "q1",
        "ranked": 1,
        "indexes": ["products"],
        "ids": ["a", "b"],
    }


@pytest.mark.parametrize(
    "damage", [{"ids": None}, {"indexes": []}, {"ranked": "x"}, {"of": [0]}, {"of": [5, 5]}, {"query_id": None}]
)
def test_a_damaged_document_is_refused(damage: dict[str, object]) -> None:
    document = to_document(Listing("q1", keys("ab"), 1)) | damage
    with pytest.raises(DataError, match="a stored order cannot be read"):
        from_document({k: v for k, v in document.items() if v is not None})
