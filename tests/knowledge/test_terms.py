import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.terms import Terms

SHOP = Terms.counted([["red", "shoes"], ["red", "hat"], ["blue", "shoe"]])


def test_a_word_counts_once_a_document_whatever_its_number() -> None:
    assert SHOP.documents == 3
    assert SHOP.counts == {"red": 2, "shoe": 2, "hat": 1, "blue": 1}


def test_rarer_words_tell_more_and_unknown_ones_most() -> None:
    assert SHOP.idf("red") < SHOP.idf("hat") < SHOP.idf("gloves")
    assert SHOP.idf("shoes") == SHOP.idf("shoe")
    assert SHOP.known("hats")
    assert not SHOP.known("gloves")


@given(st.lists(st.lists(st.sampled_from(["usb", "cable", "ünter", "9.5"]))))
def test_bytes_and_back(documents: list[list[str]]) -> None:
    terms = Terms.counted(documents)
    assert Terms.from_bytes(terms.to_bytes()) == terms
    assert terms.to_bytes() == Terms.counted(reversed(documents)).to_bytes()


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ModelError):
        Terms.from_bytes(SHOP.to_bytes()[:-3])
