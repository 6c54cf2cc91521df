import pytest

from ltrr_opensearch.hypotheses.claims import claims
from ltrr_opensearch.hypotheses.semantic_error import semantic_error, slot_f1
from ltrr_opensearch.hypotheses.values import Slot, Truth, Utterance
from tests.hypotheses.made import said

TRUTH = Truth("music", "play", (Slot("artist", "Taylor Swift"), Slot("song", "love story")))


@pytest.mark.parametrize(
    ("slots", "meaning", "error"),
    [
        ((("artist", "taylor  swift"), ("song", "Love Story")), "music.play", 0),
        ((("artist", "taylor dayne"), ("song", "love story")), "music.play", 1 / 3),
        ((("song", "love story"),), "music.play", 1 / 3),
        ((("artist", "taylor swift"), ("song", "love story")), "books.play", 1 / 3),
        ((("artist", "taylor swift"), ("song", "love story"), ("room", "kitchen")), "music.play", 1 / 3),
        ((), "music.stop", 1),
        ((("a", "1"), ("b", "2"), ("c", "3")), "music.stop", 2),
    ],
)
def test_wrong_intents_and_slots_over_those_of_the_truth(
    slots: tuple[tuple[str, str], ...], meaning: str, error: float
) -> None:
    (claim,) = claims(Utterance("u", (said("a", meaning, *slots),)))
    assert semantic_error(claim, TRUTH) == pytest.approx(error)


def test_slot_f1_is_over_all_together() -> None:
    one, two = frozenset({("a", "1")}), frozenset({("a", "1"), ("b", "2")})
    assert slot_f1([(one, two), (two, two)]) == pytest.approx(6 / 7)
    assert slot_f1([(frozenset(), frozenset())]) == 1
