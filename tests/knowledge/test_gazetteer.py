import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.distribution import Distribution
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.lookup import MAX_WORDS, is_slot, key_of
from ltrr_opensearch.synonyms import read_synonyms
from ltrr_opensearch.types import SlotValue

VALUES = [
    ("brand", "Tripp Lite", 960),
    ("brand", "HP", 2888),
    ("colour", "Black", 4437),
    ("colour", "black", 12),
    ("colour", "Red", 800),
    ("colour", "Red, Black", 40),
    ("ink", "Black", 1297),
    ("ink", "Cyan", 468),
    ("type", "Battery", 74),
    ("type", "Notebook", 90),
    ("type", "USB-C Hub", 30),
    ("type", "Hybrid (2-in-1)", 20),
    ("type", "1", 142),
    ("note", "a very long text that nobody would ever type", 3),
]


def found(gazetteer: Gazetteer, text: str, language: str = "und") -> list[tuple[str, str, int, int]]:
    return [(s.field, s.value, s.start, s.end) for s in gazetteer.match(text.split(), language)]


def test_values_match_by_words_plural_and_case() -> None:
    gazetteer = Gazetteer.from_values(VALUES)
    assert found(gazetteer, "tripp lite batteries 1") == [("brand", "Tripp Lite", 0, 2), ("type", "Battery", 2, 3)]


@pytest.mark.parametrize(
    ("asked", "value", "end"),
    [
        ("tripplite", "Tripp Lite", 1),
        ("note book", "Notebook", 2),
        ("usbc hubs", "USB-C Hub", 2),
        ("usb-c hub", "USB-C Hub", 2),
        ("notebok", "Notebook", 1),
        ("ntoebook", "Notebook", 1),
        ("nottebooks", "Notebook", 1),
        ("ntoebooc", "Notebook", 1),
        ("trip lite", "Tripp Lite", 2),
        ("hybrid", "Hybrid (2-in-1)", 1),
        ("c\u00fdan", "Cyan", 1),
        ("lappy", "Notebook", 1),
        ("usb-c dock", "USB-C Hub", 2),
    ],
)
def test_what_is_joined_split_inflected_mistyped_or_a_synonym(asked: str, value: str, end: int) -> None:
    synonyms = read_synonyms(["lappy => notebook", "# of adapters", "hub, dock"])
    slots = Gazetteer.from_values(VALUES, synonyms=synonyms).match(asked.split())
    best = max(slots, key=lambda s: s.end)
    assert (best.value, best.start, best.end) == (value, 0, end)
    assert 0 < best.confidence < 1


@pytest.mark.parametrize(("language", "asked"), [("de", "batteryn"), ("und", "batteryes"), ("it", "rede")])
def test_forms_of_other_languages(language: str, asked: str) -> None:
    values = [("type", "Battery", 74), ("colour", "Reda", 80)]
    assert found(Gazetteer.from_values(values), asked, language)


def test_a_word_that_is_known_is_never_corrected() -> None:
    values = [("brand", "Asus", 500), ("brand", "Airus", 500), ("type", "Monitor", 50)]
    said = Mentions(words={"asur": 2, "monitors": 1, "moniter": 1})
    gazetteer = Gazetteer.from_values(values, mentions=said)
    assert found(gazetteer, "asur airus") == [("brand", "Airus", 1, 2)]
    assert found(gazetteer, "moniter") == [("type", "Monitor", 0, 1)], "one document alone may have mistyped it"


@pytest.mark.parametrize("asked", ["hq", "bxttery2", "btry", "blackk1", "xotebouk"])
def test_what_is_short_has_digits_or_is_too_far_is_left(asked: str) -> None:
    assert found(Gazetteer.from_values(VALUES), asked) == []


def test_ambiguous_values_share_the_confidence_by_count() -> None:
    colour, ink = Gazetteer.from_values(VALUES).match(("black",))
    assert (colour.field, colour.spellings) == ("colour", ("Black", "black", "Red, Black"))
    assert colour.confidence / ink.confidence == pytest.approx(4449 / 1297, rel=0.01)
    assert colour.confidence + ink.confidence < 1


def test_confidence_follows_what_documents_mean_by_the_words() -> None:
    values = [("brand", "Dell", 500), ("mounting", "Desk", 500)]
    told = {("brand", "dell"): 400, ("mounting", "desk"): 400}
    mentions = Mentions(told, {("brand", "dell"): 390, ("mounting", "desk"): 40})
    dell, desk = Gazetteer.from_values(values, mentions=mentions).match(("dell", "desk"))
    assert dell.confidence == pytest.approx(0.97, abs=0.01)
    assert desk.confidence == pytest.approx(0.1, abs=0.01)


def test_fields_that_hold_the_same_values_share_what_is_claimed() -> None:
    both = {("brand", "dell"): 100, ("maker", "dell"): 100}
    values = [("brand", "Dell", 500), ("maker", "Dell", 500)]
    slots = Gazetteer.from_values(values, mentions=Mentions(both, both)).match(("dell",))
    assert [s.confidence for s in slots] == pytest.approx([0.49, 0.49], abs=0.01)


def test_named_in_finds_values_in_running_text() -> None:
    named = Gazetteer.from_values(VALUES).named_in(key_of("Batteries for the Tripp Lite UPS, black"))
    assert named == {"battery", "tripp lite", "tripp", "black"}


def test_values_that_never_repeat_are_no_slots() -> None:
    gazetteer = Gazetteer.from_values([("sku", f"part{i}", 1) for i in range(100)])
    assert gazetteer.match(("part7",)) == ()


def test_a_boolean_is_matched_by_its_name() -> None:
    gazetteer = Gazetteer.from_values([("wifi", "wlan", 50)], documents=99, kinds={"wifi": "boolean"})
    (slot,) = gazetteer.match(("wlan",))
    assert (slot.field, slot.value, slot.kind) == ("wifi", "true", "boolean")


def test_idf_is_bm25s() -> None:
    (slot,) = Gazetteer.from_values([("brand", "HP", 9), ("brand", "Dell", 1)], documents=99).match(("hp",))
    assert slot.idf == pytest.approx(math.log(1 + (99 - 9 + 0.5) / 9.5))


def test_cap_keeps_the_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltrr_opensearch.knowledge.entries.MAX_VALUES", 2)
    gazetteer = Gazetteer.from_values(VALUES)
    assert set(gazetteer.values.keys) == {"black", "hp"}


@pytest.mark.parametrize(("value", "usable"), [("", False), ("7", False), ("42", False), ("4K", True), ("USB A", True)])
def test_is_slot(value: str, usable: bool) -> None:
    assert is_slot(key_of(value)) is usable


_WORDS = st.text("ab\u00e9s-0 ", min_size=1, max_size=8)
_rows = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), _WORDS | st.text(max_size=20), st.integers(1, 1000)), max_size=20
)


def plain_matches(rows: list[tuple[str, str, int]], words: tuple[str, ...]) -> set[tuple[str, str, int, int]]:
    """The reference: every stretch that is a value as it stands, by a dictionary."""
    keys: dict[str, set[str]] = {}
    for name, value, _ in rows:
        if is_slot(key := key_of(value)):
            keys.setdefault(key, set()).add(name)
    return {
        (name, " ".join(words[start:end]), start, end)
        for start in range(len(words))
        for end in range(start + 1, min(start + MAX_WORDS, len(words)) + 1)
        for name in keys.get(" ".join(words[start:end]), ())
    }


@given(_rows, _WORDS)
def test_finds_all_that_a_plain_dictionary_finds(rows: list[tuple[str, str, int]], query: str) -> None:
    words = tuple(key_of(query).split())
    gazetteer = Gazetteer.from_values(rows)
    believed = {(e.field, key) for key in gazetteer.values.keys for e in gazetteer.values.of(key) if e.confidence}
    asked = {(s.field, " ".join(words[s.start : s.end]), s.start, s.end) for s in gazetteer.match(words)}
    assert {m for m in plain_matches(rows, words) if m[:2] in believed} <= asked


@given(_rows, st.text(max_size=40))
def test_bytes_keep_everything(rows: list[tuple[str, str, int]], query: str) -> None:
    gazetteer = Gazetteer.from_values(rows, numbers={"n": Distribution.of(3, (1, 2), {1.0: 2, 2.0: 1})})
    data = gazetteer.to_bytes()
    assert Gazetteer.from_values(rows, numbers=gazetteer.numbers).to_bytes() == data
    copy = Gazetteer.from_bytes(data)
    assert (copy.documents, copy.numbers, copy.to_bytes()) == (gazetteer.documents, gazetteer.numbers, data)
    tokens = key_of(query).split()
    assert copy.match(tokens) == gazetteer.match(tokens)
    assert sum(s.confidence for s in gazetteer.match(tokens[:1])) <= 1 + 1e-6


def test_damaged_bytes() -> None:
    data = Gazetteer.from_values(VALUES).to_bytes()
    for broken in (b"", data[:-1], data[:40] + b"\0\0" + data[42:], b"X" + data[1:]):
        with pytest.raises(ModelError):
            Gazetteer.from_bytes(broken)


def test_arrays_that_do_not_fit_are_refused() -> None:
    values = Gazetteer.from_values(VALUES).values
    for name in ("starts", "fields", "counts", "texts"):
        blobs = values.blobs()
        with pytest.raises(ModelError, match="do not fit"):
            type(values).from_blobs(values.names, values.longest, {**blobs, name: blobs[name][:-4]})


def test_what_a_stretch_claims_is_one_slot_a_field() -> None:
    slots: tuple[SlotValue, ...] = Gazetteer.from_values([("b", "Dell", 9), ("b", "Dells", 3)]).match(("dell",))
    assert len(slots) == 1
