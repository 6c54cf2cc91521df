from ltrr_opensearch.propose.dictionary import said_in
from ltrr_opensearch.propose.written import meant_by, texts_of
from tests.propose.made import GAZETTEER


def said(*texts: str) -> dict[str, dict[str, bool]]:
    """Field -> value -> whether it stands in the heaviest text."""
    return titled([[text] for text in texts])


def titled(fields: list[list[str]]) -> dict[str, dict[str, bool]]:
    found = said_in(texts_of(fields), GAZETTEER, ("brand", "kind", "screen"))
    return {field: {value: one.titled for value, one in of.items()} for field, of in found.items()}


def test_values_are_found_where_the_text_says_them() -> None:
    assert said("A LAPTOP case", "by Acér") == {"kind": {"laptop": True}, "brand": {"acer": False}}
    assert said("acer", "acer laptop") == {"brand": {"acer": True}, "kind": {"laptop": False}}
    assert said("nothing of that") == {}
    assert said() == {}


def test_the_heaviest_field_is_it_whether_it_says_several_things_or_nothing() -> None:
    assert titled([["acer", "laptop"], ["a phone"]]) == {
        "brand": {"acer": True},
        "kind": {"laptop": True, "phone": False},
    }
    assert titled([[], ["acer"]]) == {"brand": {"acer": False}}


def test_of_values_inside_longer_ones_only_the_longer() -> None:
    assert said("dell emc laptop, no acer")["brand"] == {"dell emc": True, "acer": True}


def test_a_boolean_is_said_by_its_names_and_a_value_of_one_document_by_nobody() -> None:
    assert said("a screen") == {"screen": {"true": True}}
    assert said("Unique") == {}


def test_only_the_fields_that_are_asked_for() -> None:
    assert said_in((("acer laptop",),), GAZETTEER, ("kind",)).keys() == {"kind"}


def test_a_value_means_itself_what_it_lists_and_what_it_is_a_kind_of() -> None:
    assert meant_by(["Plastic, Stainless steel"]) >= {"plastic", "stainless steel", "steel"}
    assert meant_by([]) == set()
