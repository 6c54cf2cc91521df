from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.index.texts import includes, text_of


def test_values_of_all_shapes_are_found_once_and_in_order() -> None:
    source = {"title": " red \n shoe", "tags": ["a", ["b"]], "o": {"p": [{"q": "deep"}]}, "x.y": "dotted", "n": 7}
    assert text_of(source, ("title", "title.raw", "tags", "o.p.q", "x.y", "n", "none")) == "red shoe a b deep dotted 7"


def test_a_document_without_the_fields_has_no_text() -> None:
    assert text_of({"title": None, "body": ["", {}], "flag": True}, ("title", "body", "flag")) == ""


def test_parents_of_multi_fields_are_asked_for() -> None:
    assert includes(("title.raw", "body")) == ["body", "title", "title.raw"]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values), st.text())
def test_no_document_breaks_it(source: dict[str, object], field: str) -> None:
    assert isinstance(text_of(source, (field,)), str)
