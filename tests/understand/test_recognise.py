"""What is read in a query, over a small shop: by field the value or range of the likeliest reading, and its rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.distribution import Distribution
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.normalise import tokenize
from ltrr_opensearch.types import Reading
from ltrr_opensearch.understand.cues import LANGUAGES
from ltrr_opensearch.understand.language import guess_language
from ltrr_opensearch.understand.readings import readings
from ltrr_opensearch.understand.recognise import SlotFields, recognise

SHOP = IndexSettings(
    text_fields={"title": 1},
    slot_fields=(
        {"field": "brand", "names": ["brand", "maker"]},
        {"field": "colour", "names": ["colour", "color"]},
        {"field": "price", "unit": "cent", "names": ["price"]},
        {"field": "ram", "unit": "gb", "names": ["ram", "memory"]},
        {"field": "disk", "unit": "gb", "names": ["disk", "hard drive"]},
        {"field": "screen", "unit": "inch", "names": ["screen"]},
        {"field": "weight", "unit": "g"},
        {"field": "length", "unit": "m"},
        {"field": "cores"},
        {"field": "made"},
        {"field": "bluetooth"},
    ),
)
VALUES = [
    *[("brand", brand, 500) for brand in ("Acme", "Philips", "3M")],
    *[("colour", colour, 500) for colour in ("Black", "Red")],
    ("bluetooth", "bluetooth", 300),
]
KINDS = dict.fromkeys(("price", "ram", "disk", "screen", "weight", "length", "cores"), "number")
NUMBERS = {
    "price": Distribution.of(2000, [100 * n for n in (1, 5, 10, 20, 50, 100, 300, 500, 800, 2000, 5000)], {}),
    "ram": Distribution.of(900, [1, 1, 2, 4, 8, 8, 16, 32, 64, 128, 256], {8: 400, 16: 300, 64: 50}),
    "disk": Distribution.of(900, [16, 32, 64, 128, 256, 500, 1000, 2000, 4000, 8000, 9000], {500: 300, 2000: 200}),
    "screen": Distribution.of(500, [10, 11, 12, 13, 14, 15, 17, 19, 24, 27, 32], {15.6: 200, 17.0: 90}),
    "weight": Distribution.of(900, [1, 5, 20, 50, 100, 500, 1000, 1500, 2000, 9000, 20000], {}),
    "length": Distribution.of(900, [0.1, 0.5, 0.5, 1, 1, 2, 3, 5, 10, 20, 50], {1: 200, 2: 300, 3: 100, 5: 90}),
    "cores": Distribution.of(400, [1, 1, 2, 2, 2, 4, 4, 8, 8, 16, 64], {2: 100, 4: 200}),
    "made": Distribution.of(2000, [(n + 8) * 1e11 for n in range(11)], {}),
}
KNOWN = Gazetteer.from_values(VALUES, 2000, None, {**KINDS, "made": "date", "bluetooth": "boolean"}, NUMBERS)
FIELDS = SlotFields.of(SHOP, KNOWN)


def read(text: str) -> tuple[Reading, ...]:
    tokens = tokenize(text)[:64]
    return readings(tokens, recognise(text, tokens, guess_language(tokens), FIELDS, KNOWN))


def best(text: str) -> tuple[dict[str, str], str]:
    reading = read(text)[0]
    return {s.field: f"not {s.value}" if s.negated else s.value for s in reading.slots}, reading.residual


@pytest.mark.parametrize(
    ("text", "slots", "rest"),
    [
        ("laptop under 500", {"price": "<=50000"}, "laptop"),
        ("cheaper than $20 mouse", {"price": "<=2000"}, "mouse"),
        ("mouse < 20\u20ac", {"price": "<=2000"}, "mouse"),
        ("mouse 20 \u20ac", {"price": "2000"}, "mouse"),
        ("more expensive than 1,500 dollars", {"price": ">=150000"}, ""),
        ("between 100 and 200 tv", {"price": "10000..20000"}, "tv"),
        ("tv 500 to 800 eur", {"price": "50000..80000"}, "tv"),
        ("tv $500-800", {"price": "50000..80000"}, "tv"),
        ("price 99", {"price": "9900"}, ""),
        ("at least 16 gb laptop", {"ram": ">=16"}, "laptop"),
        ("16gb+ laptop", {"ram": ">=16"}, "laptop"),
        ("16 gb or more", {"ram": ">=16"}, ""),
        ("2 tb", {"disk": "2000"}, ""),
        ("500gb", {"disk": "500"}, ""),
        ("16000 mb memory", {"ram": "16"}, ""),
        ("hard drive of 64 gb", {"disk": "64"}, ""),
        ("64 gb", {"ram": "64"}, ""),
        ("17 inch", {"screen": "17"}, ""),
        ('17" laptop', {"screen": "17"}, "laptop"),
        ("17\u2033 laptop", {"screen": "17"}, "laptop"),
        ("17in laptop", {"screen": "17"}, "laptop"),
        ("15,6 zoll", {"screen": "15.6"}, ""),
        ("screen 15.6", {"screen": "15.6"}, ""),
        ("under 15 inch", {"screen": "<=15"}, ""),
        ("2m cable", {"length": "2"}, "cable"),
        ("cable longer than 3 meters", {"length": ">=3"}, "cable"),
        ("200 cm cable", {"length": "2"}, "cable"),
        ("lighter than 2 kg", {"weight": "<=2000"}, ""),
        ("about 1 kg", {"weight": "900..1100"}, ""),
        ("4 cores", {"cores": "4"}, ""),
        ("newer than 2015", {"made": ">=2016-01-01"}, ""),
        ("since 2015", {"made": ">=2015-01-01"}, ""),
        ("radio before 2010", {"made": "<=2009-12-31"}, "radio"),
        ("between 2010 and 2012", {"made": "2010-01-01..2012-12-31"}, ""),
        ("made 2018", {"made": "2018-01-01..2018-12-31"}, ""),
        ("mouse bluetooth", {"bluetooth": "true"}, "mouse"),
        ("mouse without bluetooth", {"bluetooth": "not true"}, "mouse"),
        ("non-bluetooth mouse", {"bluetooth": "not true"}, "mouse"),
        ("mouse not of the brand acme", {"brand": "not Acme"}, "mouse"),
        ("without a red lamp", {"colour": "not Red"}, "lamp"),
        ("colour black", {"colour": "Black"}, ""),
        ("phillips radio", {"brand": "Philips"}, "radio"),
        ("brand 3m tape", {"brand": "3M"}, "tape"),
        ("under 2000", {"price": "<=200000"}, ""),
        ("10000 nights", {}, "10000 nights"),
        ("war and peace", {}, "war and peace"),
        ("500 miles", {}, "500 miles"),
        ("between 200 and 100 eur", {"price": "10000..20000"}, ""),
        ("lamp of 99999999999999999999 gb", {}, "lamp of 99999999999999999999 gb"),
    ],
)
def test_what_is_read(text: str, slots: dict[str, str], rest: str) -> None:
    assert best(text) == (slots, rest)


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("laptop unter 500 euro", {"price": "<=50000"}),
        ("maus ohne bluetooth", {"bluetooth": "not true"}),
        ("zwischen 100 und 200", {"price": "10000..20000"}),
        ("neuer als 2015", {"made": ">=2016-01-01"}),
        ("souris sans bluetooth", {"bluetooth": "not true"}),
        ("entre 100 et 200 euros", {"price": "10000..20000"}),
        ("moins de 500 euros", {"price": "<=50000"}),
        ("rat\u00f3n sin bluetooth", {"bluetooth": "not true"}),
        ("menos de 500 euros", {"price": "<=50000"}),
        ("mouse senza bluetooth", {"bluetooth": "not true"}),
        ("meno di 500 euro", {"price": "<=50000"}),
        ("muis zonder bluetooth", {"bluetooth": "not true"}),
        ("goedkoper dan 500", {"price": "<=50000"}),
        ("mouse sem bluetooth", {"bluetooth": "not true"}),
        ("mais barato que 500", {"price": "<=50000"}),
        ("pelo menos 16 gb", {"ram": ">=16"}),
    ],
)
def test_in_other_languages(text: str, slots: dict[str, str]) -> None:
    assert best(text)[0] == slots


@pytest.mark.parametrize("piece", ["9", "1.", "1,", "x", "9x", "a-", "9-", '"', "non-", "under "])
def test_hostile_lengths_are_read_quickly_and_mean_nothing(piece: str) -> None:
    """Fifty thousand pieces take minutes where a step is quadratic."""
    assert all(not r.slots for r in read(piece * 50_000))


def test_every_language_has_the_same_cues() -> None:
    assert LANGUAGES == ("en", "de", "fr", "es", "it", "nl", "pt")


def test_values_of_one_field_may_be_wanted_and_unwanted() -> None:
    slots = read("mouse not black, red")[0].slots
    assert [(s.value, s.negated) for s in slots] == [("Black", True), ("Red", False)]


def test_what_is_excluded_may_be_a_list() -> None:
    reading = read("lamp no red or black")[0]
    assert [(s.value, s.negated) for s in reading.slots] == [("Red", True), ("Black", True)]
    assert reading.residual == "lamp"


def test_what_joins_values_is_no_text_to_be_found() -> None:
    reading = read("acme or philips radio")[0]
    assert ([s.value for s in reading.slots], reading.residual) == (["Acme", "Philips"], "radio")
    assert read("war or peace")[0].residual == "war or peace"


@pytest.mark.parametrize("text", ["sin red lamp", "sans black", "pas bluetooth"])
def test_a_foreign_word_that_begins_a_query_excludes_nothing(text: str) -> None:
    assert not any(slot.negated for reading in read(text) for slot in reading.slots)


def test_competing_fields_share_what_is_believed() -> None:
    likely = {r.slots[0].field: r.likelihood for r in read("64 gb") if r.slots}
    assert set(likely) == {"ram", "disk"}
    assert sum(likely.values()) <= 1


def test_a_field_without_values_is_never_meant() -> None:
    index = IndexSettings(text_fields={"title": 1}, slot_fields=({"field": "n", "unit": "gb"}, "d"))
    empty = Distribution.of(0, (), {})
    known = Gazetteer.from_values((), 0, None, {"n": "number", "d": "date"}, {"n": empty, "d": empty})
    fields = SlotFields.of(index, known)
    slots = recognise("16 gb 2015", ("16", "gb", "2015"), "und", fields, known)
    assert all(s.confidence < 0.05 for s in slots)


_PIECES = st.sampled_from(
    [
        "under",
        "500",
        "eur",
        "$",
        '"',
        "17",
        "inch",
        "-",
        "2tb",
        "between",
        "and",
        "without",
        "not",
        "acme",
        "blakc",
        "colour",
        "16gb+",
        "2015",
        "newer",
        "than",
        "or",
        "more",
        "non-red",
        "1.000,5",
        "∞",
        "<=",
        "5-3",
        "٣",
    ]
)


@given(st.lists(_PIECES | st.text(max_size=8), max_size=14).map(" ".join) | st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    tokens = tokenize(text)[:64]
    found = read(text)
    assert found == read(text)
    assert sum(r.likelihood for r in found) <= 1 + 1e-9
    for reading in found:
        assert 0 <= reading.likelihood <= 1
        for slot in reading.slots:
            assert 0 <= slot.start < slot.end <= len(tokens)
            assert 0 < slot.confidence <= 1
            if isinstance(slot.gte, float) and isinstance(slot.lte, float):
                assert slot.gte <= slot.lte


def test_what_the_other_words_go_without_gives_way() -> None:
    """ "3m" is a maker's name and three metres of cable; documents that say "filter" have no length."""
    said = Mentions(
        told={("brand", "3m"): 60},
        meant={("brand", "3m"): 30},
        words={"filter": 100, "cord": 100},
        beside={("filter", "brand"): 100, ("cord", "brand"): 100, ("cord", "length"): 100},
        filled={"brand": 1000, "length": 500},
        documents=1000,
    )
    numbers = {"length": NUMBERS["length"]}
    known = Gazetteer.from_values(VALUES, 2000, said, {"length": "number"}, numbers)
    fields = SlotFields.of(SHOP, known)

    def likeliest(text: str) -> str:
        slots = recognise(text, tokenize(text), "und", fields, known)
        return max(slots, key=lambda s: s.confidence).field

    assert likeliest("3m filter") == "brand"
    assert likeliest("3m cord") == "length"


def test_a_bound_without_unit_may_also_be_of_another_field() -> None:
    fields = [r.slots[0].field for r in read("between 14 and 19") if r.slots]
    assert fields[0] == "price"
    assert "screen" in fields
