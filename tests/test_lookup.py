import pytest

from ltrr_opensearch.lookup import first_of, generals_of, key_of, parts_of, word_of


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("wi-fi", "wifi"),
        ("caf\u00e9s", "cafe"),
        ("\u30d1\u30b9", "\u30d1\u30b9"),
        ("batteries", "battery"),
        ("10-15", "10-15"),
        ("rock'n'roll", "rocknroll"),
    ],
)
def test_words(token: str, word: str) -> None:
    assert word_of(token) == word


def test_lists_in_one_text() -> None:
    assert parts_of("Plastic, Stainless Steel / Wood") == ("plastic", "stainless steel", "wood")
    assert parts_of("Plastic") == parts_of("Plastic,") == ()


@pytest.mark.parametrize(
    ("value", "generals"),
    [
        ("Stainless steel", ("steel",)),
        ("Serial ATA III", ("serial ata", "ata")),
        ("USB 2.0", ("usb",)),
        ("Notebook case", ("case",)),
        ("Steel", ()),
        ("2.0", ()),
    ],
)
def test_what_a_value_is_a_kind_of(value: str, generals: tuple[str, ...]) -> None:
    assert generals_of(key_of(value)) == generals


@pytest.mark.parametrize(
    ("name", "first"), [("Kingston Technology", "kingston"), ("StarTech.com", "startech"), ("HP", "")]
)
def test_first_words(name: str, first: str) -> None:
    assert first_of(key_of(name)) == first
