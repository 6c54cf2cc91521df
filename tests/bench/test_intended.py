from ltrr_opensearch.bench.intended import Intended, Tally, intended_fields, intended_queries, is_meant, tally
from ltrr_opensearch.types import Reading, SlotValue

DELL = SlotValue("brand.keyword", "DELL", 0, 1, 0.9)
PRICE = SlotValue("price", "<=500", 1, 3, 0.9, kind="number", lte=500.0)


def test_slots_are_right_by_field_value_range_and_negation() -> None:
    meant = Intended("q", "brand", ({"field": "brand", "value": "Dell"}, {"field": "price", "lte": 499.0}), ())
    assert tally(Reading((DELL, PRICE), "", 1), meant) == Tally(2, 2, 2)
    assert is_meant(Reading((DELL, PRICE), "", 1), meant)
    assert tally(Reading((DELL,), "", 1), meant) == Tally(2, 1, 1)
    unwanted = SlotValue("brand", "Dell", 0, 1, 0.9, negated=True)
    assert tally(Reading((unwanted, PRICE), "", 1), meant) == Tally(2, 2, 1)
    exact = SlotValue("price", "500", 1, 3, 0.9, kind="number", gte=500.0, lte=500.0)
    assert tally(Reading((exact,), "", 1), meant).right == 0


def test_the_nearest_of_the_sets_that_are_right_counts() -> None:
    meant = Intended("q", "ambiguous", ({"field": "ink", "value": "Dell"},), (({"field": "brand", "value": "dell"},),))
    assert tally(Reading((DELL,), "", 1), meant).f1 == 1
    assert not is_meant(Reading((DELL,), "", 1), meant)
    assert tally(Reading((), "", 1), Intended("q", "none", (), ())).f1 == 1


def test_there_are_200_queries_over_the_fields() -> None:
    queries, fields = intended_queries(), {f["field"] for f in intended_fields()}
    assert len(queries) == 200
    assert {s["field"] for q in queries for of in (q.slots, *q.also) for s in of} <= fields
