"""Names of entities in queries over a small music index: by type what is named, and what is wanted."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.entity_names import EntityName
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.members import Member
from ltrr_opensearch.normalise import tokenize
from ltrr_opensearch.types import NAME, TYPE, Reading, SlotValue
from ltrr_opensearch.understand.entities import Entities, where_all_is_named
from ltrr_opensearch.understand.readings import LEAST_DOUBT, readings
from ltrr_opensearch.understand.recognise import SlotFields, recognise

MUSIC = EntitySettings.model_validate(
    {
        "type_field": "kind",
        "types": [
            {"type": "song", "name_fields": ["title"], "names": ["song", "track", "lied"]},
            {"type": "artist", "name_fields": ["title"], "names": ["artist", "band"], "short": True},
            {"type": "playlist", "name_fields": ["title"]},
            {"type": "genre", "name_fields": ["title"]},
        ],
        "relations": [
            {"name": "tracks", "of": "artist", "brings": "song", "field": "artist"},
            {"name": "style", "of": "genre", "brings": "song", "field": "genre"},
        ],
    }
)
NAMES = [
    *(EntityName(type, "Love", 1, 2.0) for type in ("song", "artist", "playlist", "genre")),
    EntityName("artist", "Taylor Hart", 1, 9.0, short=True),
    EntityName("artist", "Night Owls", 1, 4.0, short=True),
    EntityName("song", "Love Me Do", 1, 3.0),
    EntityName("genre", "Jazz", 1, 3.0),
]
INDEX = IndexSettings(text_fields={"title": 1}, slot_fields=("mood",), entities=MUSIC)
KNOWN = Gazetteer.from_values([("mood", "sad", 200), ("mood", "jazz", 1)], 1000, entities=MUSIC, names=NAMES)
FIELDS = SlotFields.of(INDEX, KNOWN)
GRADED = EntitySettings.model_validate(
    MUSIC.model_dump() | {"degrees": [{"name": "leaning", "of": "artist", "to": "genre"}]}
)
WORDS = ("love", "taylor", "hart", "song", "by", "jazz", "sad", "owls", "night", "the", "playlist", "not", "x")


def read(text: str) -> tuple[Reading, ...]:
    tokens = tokenize(text)
    return readings(tokens, recognise(text, tokens, "en", FIELDS, KNOWN), entities=FIELDS.entities)


def said(reading: Reading) -> tuple[str, dict[str, str], str]:
    slots = {slot.about: f"not {slot.value}" if slot.negated else slot.value for slot in reading.slots}
    return reading.entity, slots, reading.residual


def test_a_name_of_several_types_is_read_as_each_of_them() -> None:
    found = read("Love")
    assert {reading.entity for reading in found} == {"song", "artist", "playlist", "genre", ""}
    assert sum(reading.likelihood for reading in found) == pytest.approx(1)
    assert found[-1].likelihood < 0.1, "most who say nothing but a name mean it"


@pytest.mark.parametrize(
    ("text", "wanted", "slots", "rest"),
    [
        ("tayler love", "song", {"artist": "Taylor Hart", "song": "Love"}, ""),
        ("love tayler hart", "song", {"artist": "Taylor Hart", "song": "Love"}, ""),
        ("songs by taylor hart", "song", {"kind": "song", "artist": "Taylor Hart"}, ""),
        ("the tracks of the night owls", "song", {"kind": "song", "artist": "Night Owls"}, ""),
        ("lieder von taylor", "song", {"kind": "song", "artist": "Taylor Hart"}, ""),
        ("love playlist", "playlist", {"kind": "playlist", "playlist": "Love"}, ""),
        ("band love", "artist", {"kind": "artist", "artist": "Love"}, ""),
        ("taylor hart jazz", "song", {"artist": "Taylor Hart", "genre": "Jazz"}, ""),
        ("sad songs by taylor hart", "song", {"mood": "sad", "kind": "song", "artist": "Taylor Hart"}, ""),
        ("songs by taylor hart and night owls", "song", {"kind": "song", "artist": "Night Owls"}, ""),
        ("love me do", "song", {"song": "Love Me Do"}, ""),
        ("songs without taylor hart", "song", {"kind": "song", "artist": "not Taylor Hart"}, ""),
        ("taylor hart tickets", "artist", {"artist": "Taylor Hart"}, "tickets"),
    ],
)
def test_what_is_wanted(text: str, wanted: str, slots: dict[str, str], rest: str) -> None:
    assert said(read(text)[0]) == (wanted, slots, rest)


def test_what_cannot_be_meant_together_is_no_reading() -> None:
    for text in ("love love", "song playlist love", "playlist taylor hart"):
        for reading in read(text):
            types = {slot.entity for slot in reading.slots if slot.kind == TYPE}
            named = [slot.entity for slot in reading.slots if slot.kind == NAME]
            assert len(types) <= 1
            assert not ("playlist" in types and "artist" in named), "none belongs to artists here"
            assert named.count(reading.entity) <= 1
        assert sum(reading.likelihood for reading in read(text)) <= 1 + 1e-9


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [
        ([], ""),
        ([(TYPE, "genre")], "genre"),
        ([(NAME, "artist"), (NAME, "song")], "song"),
        ([(NAME, "song"), (NAME, "artist")], "song"),
        ([(NAME, "artist"), (NAME, "genre")], "song"),
        ([(NAME, "artist"), (NAME, "artist")], None),
        ([(NAME, "artist"), (NAME, "artist"), (TYPE, "song")], "song"),
        ([(NAME, "song"), (NAME, "song")], None),
        ([(NAME, "playlist"), (NAME, "song")], None),
        ([(TYPE, "song"), (TYPE, "genre")], None),
        ([(TYPE, "song"), (TYPE, "song")], "song"),
        ([(NAME, "playlist"), (TYPE, "song")], None),
    ],
)
def test_the_wanted_type(kinds: list[tuple[str, str]], wanted: str | None) -> None:
    slots = [SlotValue("f", "v", 0, 1, 0.5, kind=kind, entity=type) for kind, type in kinds]
    assert Entities.of(MUSIC).wanted(slots) == wanted


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [
        ([(NAME, "genre"), (TYPE, "artist")], "artist"),
        ([(TYPE, "artist"), (NAME, "artist"), (NAME, "genre")], "artist"),
        ([(NAME, "artist"), (NAME, "genre")], "song"),
        ([(NAME, "genre")], "genre"),
        ([(NAME, "genre"), (NAME, "song"), (TYPE, "artist")], None),
        ([(NAME, "artist"), (TYPE, "genre")], None),
    ],
)
def test_what_belongs_to_a_degree_is_wanted_where_it_is_said(kinds: list[tuple[str, str]], wanted: str | None) -> None:
    slots = [SlotValue("f", "v", 0, 1, 0.5, kind=kind, entity=type) for kind, type in kinds]
    assert Entities.of(GRADED).wanted(slots) == wanted


def test_readings_of_what_seldom_belongs_together_are_less_likely() -> None:
    members = [
        Member("leaning", "Taylor Hart", 20, {"Jazz": 1, "Pop": 19}, 1.0),
        Member("leaning", "Night Owls", 20, {"Jazz": 18, "Pop": 2}, 1.0),
    ]
    index = INDEX.model_copy(update={"entities": GRADED})
    known = Gazetteer.from_values((), 1000, entities=GRADED, names=NAMES, members=members)
    fields = SlotFields.of(index, known)

    def likelihood(text: str) -> float:
        tokens = tokenize(text)
        slots = recognise(text, tokens, "en", fields, known)
        found = readings(tokens, slots, entities=fields.entities, memberships=fields.memberships)
        assert sum(reading.likelihood for reading in found) <= 1 + 1e-9
        assert [r.likelihood for r in found[:-1]] == sorted((r.likelihood for r in found[:-1]), reverse=True)
        both = [r.likelihood for r in found if {"artist", "genre"} == {s.entity for s in r.slots}]
        return sum(both)

    assert likelihood("jazz night owls") > 1.2 * likelihood("jazz taylor hart")
    assert likelihood("jazz taylor hart") > 0, "never a hard no"


def test_names_are_likelier_where_every_word_is_explained() -> None:
    name = SlotValue("title", "Love", 1, 2, 0.2, kind=NAME, entity="song")
    rival = SlotValue("title", "Love", 1, 2, 0.1, kind=NAME, entity="artist")
    value = SlotValue("mood", "sad", 0, 1, 0.3)

    def alone(*tokens: str) -> dict[str, float]:
        return {slot.about: slot.confidence for slot in where_all_is_named([value, name, rival], tokens)}

    explained = alone("sad", "love")
    assert explained["song"] == pytest.approx(2 * explained["artist"])
    assert 0.9 < explained["song"] + explained["artist"] <= 0.98
    assert explained["mood"] == value.confidence, "names are meant, values are as likely as before"
    assert alone("sad", "love", "handles") == {"mood": 0.3, "song": 0.2, "artist": 0.1}
    assert alone("sad", "love", "by") == explained


def test_types_that_the_settings_do_not_know_are_not_read() -> None:
    fields = SlotFields.of(INDEX.model_copy(update={"entities": None}), KNOWN)
    assert recognise("love song", ("love", "song"), "en", fields, KNOWN) == []


@given(st.lists(st.sampled_from(WORDS), max_size=7))
def test_whatever_is_asked_likelihoods_sum_to_at_most_1_and_words_stay_in_their_order(words: list[str]) -> None:
    found = read(" ".join(words))
    assert sum(reading.likelihood for reading in found) <= 1 + 1e-9
    assert [r.likelihood for r in found[:-1]] == sorted((r.likelihood for r in found[:-1]), reverse=True)
    for reading in found:
        assert reading.entity or not any(slot.entity and not slot.negated for slot in reading.slots)
        left = iter(words)
        assert all(word in left for word in reading.residual.split())


def named(length: int, *types: tuple[str, float]) -> tuple[tuple[str, ...], list[SlotValue]]:
    """A query of which every word is a name of each of these types, with its confidence."""
    tokens = tuple(f"w{i}" for i in range(length))
    return tokens, [
        SlotValue("title", token, i, i + 1, share, kind=NAME, entity=type)
        for i, token in enumerate(tokens)
        for type, share in types
    ]


def by_trying_all(tokens: tuple[str, ...], slots: list[SlotValue]) -> list[float]:
    """Likelihoods of all readings of names of one word."""
    doubt = max(1 - sum(slot.confidence for slot in slots if not slot.start), LEAST_DOUBT)
    choices = [[None, *(slot for slot in slots if slot.start == i)] for i in range(len(tokens))]
    weights = [
        math.prod(slot.confidence if slot else doubt for slot in path)
        for path in itertools.product(*choices)
        if FIELDS.entities and FIELDS.entities.wanted([slot for slot in path if slot]) is not None
    ]
    return sorted((weight / sum(weights) for weight in weights), reverse=True)


@pytest.mark.parametrize("length", [2, 5, 7])
@pytest.mark.parametrize(
    "types", [[("song", 0.9)], [("artist", 0.9)], [("song", 0.6), ("artist", 0.2), ("genre", 0.1)]]
)
def test_what_cannot_be_meant_does_not_crowd_out_what_can(length: int, types: list[tuple[str, float]]) -> None:
    tokens, slots = named(length, *types)
    *found, last = readings(tokens, slots, entities=FIELDS.entities)
    expected = by_trying_all(tokens, slots)[: len(found)]
    assert [reading.likelihood for reading in found] == pytest.approx(expected)
    assert all(reading.slots for reading in found)
    assert last.slots == ()


def test_names_that_only_a_later_one_makes_sense_of() -> None:
    tokens, artists = named(7, ("artist", 0.9))
    song = SlotValue("title", "x", 7, 8, 0.9, kind=NAME, entity="song")
    best, *_ = readings((*tokens, "x"), [*artists, song], entities=FIELDS.entities)
    assert (best.entity, len(best.slots)) == ("song", 8)


def test_many_types_that_belong_to_one_another() -> None:
    types = [f"t{n}" for n in range(10)]
    relations = [
        {"name": f"{of}_{type}", "of": of, "brings": type, "field": "f"} for of in types for type in types if of != type
    ]
    declared = [{"type": type, "name_fields": ["title"]} for type in types]
    all_related = EntitySettings.model_validate({"type_field": "kind", "types": declared, "relations": relations})
    tokens, slots = named(10, *((type, 0.09) for type in types))
    found = readings(tokens, slots, entities=Entities.of(all_related))
    assert 0 < sum(reading.likelihood for reading in found) <= 1 + 1e-9
    assert found[0].slots
