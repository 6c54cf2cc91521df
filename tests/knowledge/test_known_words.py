import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.deletions import edits_for
from ltrr_opensearch.knowledge.known_words import KnownWords

_WORD = st.text("abc\u00e9", min_size=1, max_size=11)


@given(st.dictionaries(_WORD, st.integers(1, 99), max_size=30), _WORD)
def test_finds_what_trying_every_word_finds(counts: dict[str, int], word: str) -> None:
    known = KnownWords.of(counts, {})

    def is_near(other: str) -> bool:
        edits = OSA.distance(word, other)
        forgiven = min(edits_for(len(word)), edits_for(len(other)))
        return forgiven > 0 and edits <= forgiven and (edits < 2 or word[0] == other[0])

    assert {n.word for n in known.near(word, most=100)} == {w for w in counts if is_near(w)}
    assert all(n.edits == OSA.distance(word, n.word) and n.count == counts[n.word] for n in known.near(word))


def test_a_short_word_is_not_led_to_a_long_one_two_edits_away() -> None:
    assert [n.word for n in KnownWords.of({"verbatim": 9}, {}).near("vertvim")] == []


def test_the_likeliest_comes_first() -> None:
    known = KnownWords.of({"lenova": 5, "lenovo": 500, "lenoxo": 900}, {})
    assert [n.word for n in known.near("lenovq")] == ["lenovo", "lenova"]
    assert [n.word for n in known.near("lenoo")] == ["lenoxo", "lenovo"]


def test_words_of_documents_are_known_and_never_led_to() -> None:
    known = KnownWords.of({"acmes": 3}, {"acmex": 2, "acmey": 1})
    assert ("acmex" in known, "acmey" in known, "acmes" in known) == (True, False, True)
    assert (known.in_values("acmex"), known.in_values("acmes"), known.in_values("other")) == (0, 3, 0)
    assert [n.word for n in known.near("acmez")] == ["acmes"]


def test_only_so_many_words_are_led_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltrr_opensearch.knowledge.known_words.MOST_CORRECTED", 1)
    assert [n.word for n in KnownWords.of({"black": 3, "blank": 5}, {}).near("blackk")] == []
    assert [n.word for n in KnownWords.of({"black": 3, "blank": 5}, {}).near("blanc")] == ["blank"]


def test_counts_belong_to_the_words() -> None:
    known = KnownWords.of({"black": 3}, {})
    with pytest.raises(ModelError, match="their counts differ"):
        KnownWords.numbered(known.trie, np.zeros(2, np.uint32))
