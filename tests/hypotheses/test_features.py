from __future__ import annotations

from dataclasses import replace
from math import log

import pytest

from ltrr_opensearch.hypotheses.features import Level, told
from ltrr_opensearch.hypotheses.values import Context, Hypothesis, Slot, Utterance
from tests.hypotheses.made import said

THREE = Utterance(
    "u",
    (
        said("a", "music.play", ("song", "Love")),
        said("b", "music.play", ("song", "love"), ("room", "hall")),
        said("c", "books.read", ("song", "love")),
    ),
    "play love",
    Context(device="tv", locale="de-DE", hour=13, previous_domain="books"),
)


def test_who_agrees_on_intents() -> None:
    (play, of_play), (_, of_read) = told(THREE, Level.INTENT)
    assert play.meant == ("music", "play")
    assert play.slots == frozenset()
    assert {"votes=2,rival=1", "by=a+b", "by=a|play", "said=books:read|play"} <= of_play.keys()
    assert {"votes=1,rival=2", "by=c", "said=music:play|read"} <= of_read.keys()
    assert "by=a" not in of_read
    assert of_play["filled=song|play"] == 1
    assert {"device=tv|play", "locale=de-DE|play", "hours=12|play", "previous=books|play"} <= of_play.keys()
    assert {"word=love|play", "word=hall|play"} <= of_play.keys()


def test_how_slots_stand_among_all_systems() -> None:
    alone, both, _ = (features for _, features in told(THREE, Level.WHOLE))
    assert alone["slot=song,share"] == 1
    assert alone["lacks=room,share"] == both["slot=room,share"] == pytest.approx(1 / 3)
    assert "lacks=room" not in both


def test_two_slots_of_a_name_are_told_twice() -> None:
    one = Utterance("u", (said("a", "music.play", ("song", "x"), ("song", "y")),))
    ((_, features),) = told(one, Level.WHOLE)
    assert features["slot=song"] == 2


def test_confidences_are_logarithms_beside_those_of_rivals() -> None:
    sure = Hypothesis("a", "music", "play", (Slot("song", "x", 0.5),), intent_confidence=0.8, evidence={"e": -1.0})
    less = Hypothesis("a", "books", "read", (), intent_confidence=0.0, evidence={"e": -9.0})
    (_, first), (_, second) = told(Utterance("u", (sure, less)), Level.WHOLE)
    assert first["intent_confidence:a"] == pytest.approx(log(0.8))
    assert first["slot_confidence:a"] == pytest.approx(log(0.5))
    assert first["evidence:e,ahead"] == -second["evidence:e,ahead"] == 5
    assert second["intent_confidence:a"] == pytest.approx(log(1e-4))


def test_the_order_of_systems_changes_nothing() -> None:
    turned = replace(THREE, hypotheses=THREE.hypotheses[::-1])
    one = {claim.meant: features for claim, features in told(THREE, Level.INTENT)}
    other = {claim.meant: features for claim, features in told(turned, Level.INTENT)}
    assert one == other
