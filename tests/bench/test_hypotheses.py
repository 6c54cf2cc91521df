"""What the re-ranker is measured on: counted as others count it, and tags that become slots again."""

from __future__ import annotations

import pytest

from ltrr_opensearch.bench.hypotheses_slurp import _known
from ltrr_opensearch.bench.slurp import read_slurp
from ltrr_opensearch.bench.snips import read_snips, spans
from ltrr_opensearch.bench.text_evidence import with_evidence
from ltrr_opensearch.hypotheses.values import Slot
from tests.hypotheses.made import made


def test_slurps_systems_are_as_good_as_is_known() -> None:
    slurp = read_slurp()
    assert len(slurp.utterances) == len(slurp.said) == 12_392
    assert [round(f.value, 3) for f in _known(slurp)] == [0.788, 0.831, 0.919]


def test_snips_slots_are_read_word_by_word() -> None:
    learned, judging = read_snips()
    assert (len(learned), len(judging)) == (13_784, 700)
    assert judging[0].truth.slots == (
        Slot("music_item", "track"),
        Slot("playlist_owner", "my"),
        Slot("playlist", "Classical Relaxations"),
    )


def test_a_slot_is_as_sure_as_its_least_sure_word() -> None:
    words, tags = ("play", "love", "story", "now", "x"), ("O", "B-song", "I-song", "B-time", "I-odd")
    found = spans(words, tags, (0.9, 0.8, 0.5, 0.7, 0.6))
    assert found == (Slot("song", "love story", 0.5), Slot("time", "now x", 0.6))
    assert spans(words, ("O", "I-song", "O", "O", "O")) == (Slot("song", "love"),)


def test_evidence_tells_how_words_fit_what_was_claimed() -> None:
    (one,) = made(1)
    found = with_evidence(one, {"music_play": 0.5, "music_stop": 0.25, "books_read": 0.25})
    by = {(h.domain, h.intent): h.evidence for h in found.hypotheses}
    for (domain, intent), evidence in by.items():
        expected = {"music_play": -0.693, "music_stop": -1.386, "books_read": -1.386}.get(f"{domain}_{intent}", -11.513)
        assert evidence["text"] == pytest.approx(expected, abs=1e-3)
        assert evidence["text_domain"] == pytest.approx(-0.288 if domain == "music" else -1.386, abs=1e-3)
