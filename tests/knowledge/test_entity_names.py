"""Names of entities in the gazetteer: what the words may name, how likely, and what belongs to whom."""

import pytest

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.beliefs import DOUBT, SUREST, Mentions
from ltrr_opensearch.knowledge.entity_keys import MOST_KEYS, EntityKeys
from ltrr_opensearch.knowledge.entity_names import (
    LEAST_MEANT,
    NAMES,
    TYPE_WORD,
    EntityName,
    belief_in_names,
    kept_as,
    name_keys,
)
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.types import NAME, TYPE, SlotValue

MUSIC = EntitySettings.model_validate(
    {
        "type_field": "kind",
        "types": [
            {"type": "song", "name_fields": ["title"], "names": ["song", "track"]},
            {"type": "artist", "name_fields": ["name", "alias"], "short": True},
        ],
    }
)
LOVE = [EntityName("song", "Love", 2, 6.0), EntityName("artist", "Love", 1, 2.0), EntityName("song", "LOVE", 1, 2.0)]
OWLS = EntityName("artist", "The Night Owls", 1, 3.0, short=True)


def match(names: list[EntityName], *tokens: str, mentions: Mentions | None = None) -> tuple[SlotValue, ...]:
    made = Gazetteer.from_values([("genre", "Love", 9)], 100, mentions, entities=MUSIC, names=names)
    return Gazetteer.from_bytes(made.to_bytes()).match(tokens)


def test_a_name_means_entities_of_every_type_that_bear_it_by_the_interest_in_them() -> None:
    song, artist, value = sorted(match(LOVE, "love"), key=lambda slot: -len(slot.spellings) - (slot.kind == NAME))
    assert (song.kind, song.entity, song.field, song.spellings) == (NAME, "song", "title", ("Love", "LOVE"))
    assert (artist.kind, artist.entity, artist.field, artist.about) == (NAME, "artist", "name", "artist")
    assert song.confidence == pytest.approx(4 * artist.confidence)
    assert (value.kind, value.field, value.about) == ("keyword", "genre", "genre")
    assert sum(slot.confidence for slot in (song, artist, value)) == pytest.approx(SUREST), "values claim their part"


def test_documents_that_say_the_words_of_something_else_take_belief_away() -> None:
    def said(told: int, meant: int) -> Mentions:
        return Mentions(told={(NAMES, "love"): told}, meant={(NAMES, "love"): meant}, documents=100)

    usual = belief_in_names("love", 2.0, Mentions())
    assert usual == pytest.approx(2 / (2 + DOUBT))
    assert belief_in_names("love", 2.0, said(50, 5)) < 0.2 < usual < belief_in_names("love", 2.0, said(50, 45))
    assert belief_in_names("love", 2.0, said(5000, 5000)) == SUREST
    assert belief_in_names("all my love", 2.0, Mentions()) > usual, "several words are seldom together by chance"


def test_the_article_may_be_left_out_and_one_word_stand_for_the_names_of_some_types() -> None:
    assert name_keys("The Night Owls", short=True) == {"the night owl", "night owl", "night"}, "owl is short"
    assert name_keys("The Night Owls", short=False) == {"the night owl", "night owl"}
    assert [slot.spellings for slot in match([OWLS], "night", "owls") if slot.end == 2] == [("The Night Owls",)]


@pytest.mark.parametrize(
    ("told", "meant", "stands"), [(10, 10, True), (10, 10 * LEAST_MEANT - 1, False), (0, 0, False)]
)
def test_a_word_stands_for_names_where_documents_that_say_it_mostly_belong_to_them(
    told: int, meant: int, stands: bool
) -> None:
    mentions = Mentions(told={(NAMES, "night"): told}, meant={(NAMES, "night"): int(meant)}, documents=50)
    assert bool(match([OWLS], "night", mentions=mentions)) is stands
    other = EntityName("song", "Night", 1, 1.0)
    assert {slot.entity for slot in match([OWLS, other], "night", mentions=mentions)} == {"song"}


@pytest.mark.parametrize("words", [("song",), ("songs",), ("tracks",)])
def test_words_for_types(words: tuple[str, ...]) -> None:
    (slot,) = match(LOVE, *words)
    assert (slot.kind, slot.field, slot.value, slot.entity) == (TYPE, "kind", "song", "song")
    assert slot.confidence == TYPE_WORD


def test_longer_names_are_meant_before_the_names_inside_them() -> None:
    slots = match([*LOVE, EntityName("song", "Crazy Love", 1, 1.0)], "crazy", "love")
    whole = next(slot for slot in slots if slot.end - slot.start == 2)
    assert all(slot.confidence < whole.confidence / 5 for slot in slots if slot.kind == NAME and slot is not whole)


def test_mistyped_names_and_long_ones() -> None:
    long = EntityName("song", "one name of seven words is known", 1, 1.0)
    too_long = EntityName("song", "but more than eight words are no name of anything", 1, 1.0)
    assert [s.value for s in match([OWLS], "nigth", "owls") if s.end == 2] == ["The Night Owls"]
    assert [s.value for s in match([long], *long.name.split())] == [long.name]
    assert match([too_long], *too_long.name.split()) == ()


def test_keys_lead_to_what_belongs_to_an_entity() -> None:
    names = [
        EntityName("playlist", "Rain", 2, 2.0, keys={"id": ("p1", "p2")}),
        EntityName("playlist", "Rainy", 1, 1.0, keys={"id": ("p3",), "code": ("x",)}),
        EntityName("song", "Rain", 1, 1.0, keys={"id": ("s1",)}),
        EntityName("song", "a\0b", 1, 1.0, keys={"id": ("s2",)}),
    ]
    made = Gazetteer.from_values((), 9, entities=MUSIC, names=names).to_bytes()
    keys = Gazetteer.from_bytes(made).entity_keys
    assert sorted(keys.find("playlist", "id", ("Rain", "Rainy", "Snow"))) == ["p1", "p2", "p3"]
    assert (keys.find("playlist", "code", ("Rain",)), keys.find("song", "id", ("Rain",))) == ((), ("s1",))
    many = EntityKeys.of([EntityName("song", "Rain", 999, 1.0, keys={"id": tuple(map(str, range(999)))})])
    assert len(many.find("song", "id", ("Rain",))) == MOST_KEYS
    with pytest.raises(ModelError, match="its keys are unreadable"):
        EntityKeys.from_blobs({"entity_keys": b"nonsense"})


def test_fields_are_told_from_what_stands_in_their_place() -> None:
    kept = Gazetteer.from_values([("title", "Love", 9)], 9, entities=MUSIC, names=LOVE).values.names
    assert {(of.kind, of.type) for name in kept if (of := kept_as(name))} == {
        (NAME, "song"),
        (NAME, "artist"),
        (TYPE, "song"),
        (TYPE, "artist"),
    }
    assert kept_as("title") is None


@pytest.mark.parametrize("field", ["name of song", "name of product", "word for thing", "names of entities"])
def test_fields_may_be_called_as_they_please(field: str) -> None:
    made = Gazetteer.from_values([(field, "Thinkpad", 9)], 100, entities=MUSIC, names=LOVE)
    (slot,) = Gazetteer.from_bytes(made.to_bytes()).match(["thinkpad"])
    assert (slot.kind, slot.field, slot.entity, slot.value) == ("keyword", field, "", "Thinkpad")
    assert {slot.entity for slot in match(LOVE, "love") if slot.kind == NAME} == {"song", "artist"}
