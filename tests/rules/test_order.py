"""What rules make of an order: properties that hold for any of them."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.logged import Ruled
from ltrr_opensearch.rules.order import Moves, Pin, Shift, arranged, one_of_each, placed_apart, told
from ltrr_opensearch.types import DocKey


def key(id: object) -> DocKey:
    return DocKey("products", str(id))


def keys(text: str) -> list[DocKey]:
    return [key(id) for id in text]


def text(found: object) -> str:
    return "".join(one.id for one in found)  # type: ignore[attr-defined]


def shifts(**places: float) -> dict[DocKey, Shift]:
    return {key(id): Shift("r", by) for id, by in places.items()}


def test_lifted_stand_above_and_sunk_below_all_others_in_their_own_order() -> None:
    moves = Moves(shifts=shifts(d=inf, b=inf, a=-inf))
    assert text(arranged(keys("abcde"), moves).keys) == "bdcea"


def test_some_places_up_or_down() -> None:
    assert text(arranged(keys("abcde"), Moves(shifts=shifts(d=2))).keys) == "adbce"
    assert text(arranged(keys("abcde"), Moves(shifts=shifts(b=-2))).keys) == "acdbe"
    assert text(arranged(keys("abcde"), Moves(shifts=shifts(b=9))).keys) == "bacde"


def test_what_joins_is_lifted_with_the_others_and_comes_after_them() -> None:
    moves = Moves(shifts=shifts(c=inf, x=inf), joining=(key("x"), key("c")))
    assert text(arranged(keys("abc"), moves).keys) == "cxab"


def test_pins_hold_their_places_and_those_behind_the_end_are_left() -> None:
    moves = Moves((Pin("r", 1, key("d")), Pin("r", 3, key("x")), Pin("r", 9, key("y"))), shifts(e=inf))
    found = arranged(keys("abcde"), moves)
    assert text(found.keys) == "dexabc"
    assert [pin.key.id for pin in found.far] == ["y"]


def test_of_two_pins_for_a_place_the_first_holds_and_each_document_is_pinned_once() -> None:
    pins = (Pin("a", 2, key("x")), Pin("b", 2, key("y")), Pin("b", 1, key("x")), Pin("b", 3, key("z")))
    assert [(pin.rule, pin.position, pin.key.id) for pin in placed_apart(pins)] == [
        ("a", 2, "x"),
        ("b", 3, "y"),
        ("b", 4, "z"),
    ]


def test_what_the_rules_did_is_told_with_the_rank_before() -> None:
    moves = Moves((Pin("p", 1, key("x")),), {key("c"): Shift("s", inf), key("a"): Shift("s", -inf)})
    order = arranged(keys("abc"), moves).keys
    assert text(order) == "xcba"
    assert told(keys("abc"), order, moves) == (
        Ruled("p", "pin", key("x"), 1, 0),
        Ruled("s", "boost", key("c"), 2, 3),
        Ruled("s", "bury", key("a"), 4, 1),
    )


def test_a_collapsed_order_has_one_of_each_group_and_the_pinned_one_stands() -> None:
    groups = {key(id): id in "ab" for id in "abcd"}
    assert text(one_of_each(keys("abcde"), groups, {key("b")})) == "bcde"


@given(st.data())
def test_no_document_is_lost_or_repeated_and_pins_are_where_they_should(data: st.DataObject) -> None:
    order = [key(n) for n in range(data.draw(st.integers(0, 12)))]
    some = st.sampled_from([key(n) for n in range(20)])
    pins = placed_apart([Pin("p", at, k) for at, k in data.draw(st.lists(st.tuples(st.integers(1, 15), some)))])
    shift = st.sampled_from([inf, -inf, 3.0, -1.0])
    shifted = {k: Shift("s", by) for k, by in data.draw(st.dictionaries(some, shift)).items()}
    joining = tuple(k for k in shifted if shifted[k].places > 0)
    found = arranged(order, Moves(pins, shifted, joining))
    assert sorted(found.keys) == sorted({*order, *joining, *(p.key for p in pins)} - {p.key for p in found.far})
    for pin in pins:
        if pin not in found.far:
            assert found.keys[pin.position - 1] == pin.key
    for pin in found.far:
        assert pin.position > len(found.keys)
