import pytest
from pydantic import ValidationError

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.slot_settings import SlotField
from ltrr_opensearch.synonyms import Synonym, parse_synonyms, read_synonyms


def test_a_plain_name_is_the_short_form() -> None:
    index = IndexSettings(text_fields={"title": 1}, slot_fields=["brand.keyword", {"field": "price", "unit": "eur"}])
    assert index.slot_fields == (SlotField(field="brand.keyword"), SlotField(field="price", unit="eur"))
    assert index.slot_names == ("brand.keyword", "price")


@pytest.mark.parametrize(
    "wrong", [7, [7], [{"unit": "gb"}], [{"field": "a", "kind": "text"}], [{"field": "a", "role": 1}]]
)
def test_what_is_no_slot_field(wrong: object) -> None:
    with pytest.raises(ValidationError):
        IndexSettings(text_fields={"title": 1}, slot_fields=wrong)


@pytest.mark.parametrize(
    ("field", "called"),
    [
        (SlotField(field="specs.screen_size"), ("screen size",)),
        (SlotField(field="brand.keyword"), ("brand",)),
        (SlotField(field="ram", names=("RAM", "memory")), ("ram", "memory")),
    ],
)
def test_what_a_field_is_called(field: SlotField, called: tuple[str, ...]) -> None:
    assert field.called == called


def test_a_unit_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError, match="'parsec' is no unit that is known"):
        SlotField(field="a", unit="parsec")


def test_synonym_lines() -> None:
    lines = ["TV, telly", "", "# no line", "lappy, note book => Laptop"]
    both, one = read_synonyms(lines)
    assert both == Synonym(("tv", "telly"), ("tv", "telly"))
    assert one == Synonym(("lappy", "note book"), ("laptop",))


@pytest.mark.parametrize("line", ["tv", "=> tv", "tv =>", ", ,"])
def test_a_line_that_says_nothing_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="names no synonyms"):
        parse_synonyms(line)
    with pytest.raises(ValidationError):
        IndexSettings(text_fields={"title": 1}, synonyms=[line])
