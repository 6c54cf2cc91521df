import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.gazetteer import Gazetteer, Mentions, is_slot, key_of

VALUES = [
    ("brand", "Tripp Lite", 960),
    ("brand", "HP", 2888),
    ("colour", "Black", 4437),
    ("colour", "black", 12),
    ("colour", "Red", 800),
    ("ink", "Black", 1297),
    ("ink", "Cyan", 468),
    ("type", "Battery", 74),
    ("type", "1", 142),
    ("note", "a very long text that nobody would ever type", 3),
]


def test_values_match_by_words_plural_and_case() -> None:
    gazetteer = Gazetteer.from_values(VALUES)
    found = gazetteer.match(("tripp", "lite", "batteries", "1"))
    assert [(s.field, s.value, s.start, s.end) for s in found] == [
        ("brand", "Tripp Lite", 0, 2),
        ("type", "Battery", 2, 3),
    ]


def test_ambiguous_values_share_the_confidence_by_count() -> None:
    colour, ink = Gazetteer.from_values(VALUES).match(("black",))
    assert (colour.field, colour.spellings) == ("colour", ("Black", "black"))
    assert colour.confidence / ink.confidence == pytest.approx(4449 / 1297, rel=0.01)
    assert colour.confidence + ink.confidence < 1


def test_confidence_follows_what_documents_mean_by_the_words() -> None:
    values = [("brand", "Dell", 500), ("mounting", "Desk", 500)]
    mentions = Mentions({("dell",): 400, ("desk",): 400}, {("brand", ("dell",)): 390, ("mounting", ("desk",)): 40})
    dell, desk = Gazetteer.from_values(values, mentions=mentions).match(("dell", "desk"))
    assert dell.confidence == pytest.approx(0.97, abs=0.01)
    assert desk.confidence == pytest.approx(0.11, abs=0.01)


def test_fields_that_hold_the_same_values_share_what_is_claimed() -> None:
    mentions = Mentions({("dell",): 100}, {("brand", ("dell",)): 100, ("maker", ("dell",)): 100})
    both = Gazetteer.from_values([("brand", "Dell", 500), ("maker", "Dell", 500)], mentions=mentions)
    assert [s.confidence for s in both.match(("dell",))] == pytest.approx([0.49, 0.49])


def test_named_in_finds_values_in_running_text() -> None:
    gazetteer = Gazetteer.from_values(VALUES)
    assert gazetteer.named_in("Batteries for the Tripp Lite UPS, black") == {
        ("battery",),
        ("tripp", "lite"),
        ("black",),
    }


def test_values_that_never_repeat_are_no_slots() -> None:
    gazetteer = Gazetteer.from_values([("sku", f"part{i}", 1) for i in range(100)])
    (slot,) = gazetteer.match(("part7",))
    assert slot.confidence == 0


def test_idf_is_bm25s() -> None:
    (slot,) = Gazetteer.from_values([("brand", "HP", 9), ("brand", "Dell", 1)], documents=99).match(("hp",))
    assert slot.idf == pytest.approx(math.log(1 + (99 - 9 + 0.5) / 9.5))


def test_cap_keeps_the_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltrr_opensearch.knowledge.gazetteer.MAX_VALUES", 2)
    gazetteer = Gazetteer.from_values(VALUES)
    assert set(gazetteer.entries) == {("black",), ("hp",)}


@pytest.mark.parametrize(("value", "usable"), [("", False), ("7", False), ("42", False), ("4K", True), ("USB A", True)])
def test_is_slot(value: str, usable: bool) -> None:
    assert is_slot(key_of(value)) is usable


_rows = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.text(max_size=20), st.integers(1, 1000)), max_size=20)


@given(_rows, st.text(max_size=40))
def test_bytes_keep_everything(rows: list[tuple[str, str, int]], query: str) -> None:
    gazetteer = Gazetteer.from_values(rows)
    copy = Gazetteer.from_bytes(gazetteer.to_bytes())
    assert (copy.documents, set(copy.entries), copy.longest) == (
        gazetteer.documents,
        set(gazetteer.entries),
        gazetteer.longest,
    )
    tokens = key_of(query)
    assert [(s.field, s.value) for s in copy.match(tokens)] == [(s.field, s.value) for s in gazetteer.match(tokens)]
    assert sum(s.confidence for s in gazetteer.match(tokens[:1])) <= 1


def test_damaged_bytes() -> None:
    data = Gazetteer.from_values(VALUES).to_bytes()
    for broken in (b"", data[:-1], data[:40] + b"\0\0" + data[42:], b"X" + data[1:]):
        with pytest.raises(ModelError):
            Gazetteer.from_bytes(broken)
