import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.normalise import fold, normalise, tokenize


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Laptop   BAG ", "laptop bag"),
        ("HP LaserJet, (black)", "hp laserjet black"),
        ("\uff35\uff33\uff22-C cable", "usb-c cable"),
        ("C++ book", "c++ book"),
        ("rock 'n' roll", "rock n roll"),
        ("Straße", "strasse"),
        ("15.6 inch 802.11ac", "15.6 inch 802.11ac"),
        ("!?", ""),
        ("", ""),
    ],
)
def test_normalise(text: str, normal: str) -> None:
    assert normalise(text) == normal


@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert tuple(once.split(" ") if once else ()) == tokenize(text)


@pytest.mark.parametrize(
    ("plural", "folded"),
    [
        ("headphones", "headphone"),
        ("batteries", "battery"),
        ("boxes", "box"),
        ("watches", "watch"),
        ("cases", "case"),
        ("wireless", "wireless"),
        ("bus", "bus"),
        ("gps", "gps"),
        ("1080s", "1080s"),
        ("chassis", "chassis"),
    ],
)
def test_fold(plural: str, folded: str) -> None:
    assert fold(plural) == folded
