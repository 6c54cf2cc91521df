"""What worked for the words of a query, whatever stood beside them."""

from math import log

import pytest

from ltrr_opensearch.knowledge import words
from ltrr_opensearch.knowledge.words import Words
from ltrr_opensearch.types import EntityScore

KNOWN = (
    ("halo 3", (EntityScore("halo-3", 0.8), EntityScore("halo-reach", 0.2))),
    ("halo reach", (EntityScore("halo-reach", 0.9),)),
    ("xbox halo", (EntityScore("console", 0.5),)),
    ("xbox", (EntityScore("console", 0.9),)),
)


def test_a_word_inherits_the_mean_of_the_queries_that_hold_it() -> None:
    worked = Words.of(KNOWN).worked(["halo"])
    assert worked == {
        "halo-3": pytest.approx(0.8 / 4),
        "halo-reach": pytest.approx(1.1 / 4),
        "console": pytest.approx(0.5 / 4),
    }


def test_rare_words_speak_louder_and_unknown_ones_vouch_for_nothing() -> None:
    known = Words.of(KNOWN)
    halo, reach, unknown = log(1 + 4 / 4), log(1 + 4 / 2), log(1 + 4 / 1)
    expected = (halo * 1.1 / 4 + reach * 0.9 / 2) / (halo + reach)
    assert known.worked(["reach", "halo"])["halo-reach"] == pytest.approx(expected)
    doubted = known.worked(["reach", "halo", "zelda"])["halo-reach"]
    assert doubted == pytest.approx(expected * (halo + reach) / (halo + reach + unknown))


def test_number_and_repetition_of_words_do_not_matter() -> None:
    known = Words.of(KNOWN)
    assert known.worked(["halos", "halo"]) == known.worked(["halo"])


def test_nothing_known_nothing_worked() -> None:
    assert Words.of(()).worked(["halo"]) == {}
    assert Words.of(KNOWN).worked(["zelda"]) == Words.of(KNOWN).worked([]) == {}
    assert (len(Words.of(())), len(Words.of(KNOWN))) == (0, 4)
    assert Words.of(KNOWN).knows(["zelda", "halos"])
    assert not Words.of(KNOWN).knows(["zelda"])


def test_a_word_keeps_its_best_entities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MOST", 1)
    assert set(Words.of(KNOWN).worked(["halo"])) == {"halo-reach"}
