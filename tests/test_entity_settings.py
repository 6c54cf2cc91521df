from typing import Any

import pytest
from pydantic import ValidationError

from ltrr_opensearch.contradictions import contradictions
from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.relation_settings import Relation
from ltrr_opensearch.settings import Settings

SONG: dict[str, Any] = {"type": "song", "name_fields": ["title", "alias"], "names": ["Song", "track"]}
ARTIST: dict[str, Any] = {"type": "artist", "name_fields": ["name"]}
TRACKS: dict[str, Any] = {"name": "tracks", "of": "artist", "brings": "song", "field": "by"}
MUSIC: dict[str, Any] = {"type_field": "kind", "types": [SONG, ARTIST], "relations": [TRACKS]}
GENRE: dict[str, Any] = {"type": "genre", "name_fields": ["name"], "names": ["genre"]}
STYLE: dict[str, Any] = {"name": "style", "of": "genre", "brings": "song", "field": "genre"}
LEANING: dict[str, Any] = {"name": "leaning", "of": "artist", "to": "genre"}
GRADED: dict[str, Any] = MUSIC | {
    "types": [SONG, ARTIST, GENRE],
    "relations": [TRACKS, STYLE],
    "degrees": [LEANING],
}


def test_a_relation_is_by_the_name_where_nothing_else_is_said() -> None:
    music = EntitySettings.model_validate(MUSIC)
    (tracks,) = music.relations
    assert (music.key(tracks), music.by_name(tracks)) == ("name", True)
    assert music.fields == ("kind", "title", "alias", "name", "by")
    assert (music.borne_in("artist"), music.borne_in("song")) == (("name", "by"), ("title", "alias"))


@pytest.mark.parametrize("relation", [{"key": "id"}, {"of": "song", "brings": "artist"}])
def test_a_key_or_several_names_do_not_tell_by_the_name(relation: dict[str, Any]) -> None:
    music = EntitySettings.model_validate(MUSIC | {"relations": [TRACKS | relation]})
    assert not music.by_name(music.relations[0]), "a track may be called by another of its names"


def test_what_a_type_is_called() -> None:
    song, artist = EntitySettings.model_validate(MUSIC).types
    assert (song.called, artist.called) == (("song", "track"), ("artist",))
    both = SONG | {"names": ["song", "songs"]}
    assert EntitySettings.model_validate(MUSIC | {"types": [both, ARTIST]}), "one type may be called both"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"types": []}, "at least 1"),
        ({"types": [SONG, SONG]}, "types must differ; twice: song"),
        ({"types": [SONG, ARTIST | {"names": ["track"]}]}, "called by one type; of several: track"),
        ({"types": [SONG, ARTIST | {"names": ["Tracks"]}]}, "singular or plural, .* of several: track, tracks"),
        ({"types": [SONG, ARTIST | {"names": ["artist", "!!!"]}]}, "type artist: no query can say '!!!'"),
        ({"types": [SONG, {"type": "*", "name_fields": ["name"]}]}, "no query can say '\\*'"),
        ({"types": [SONG, ARTIST | {"name_fields": []}]}, "at least 1"),
        ({"types": [SONG, ARTIST | {"name_fields": ["name", "name"]}]}, "name fields must differ; twice: name"),
        ({"relations": [TRACKS, TRACKS]}, "names of relations must differ; twice: tracks"),
        ({"relations": [TRACKS | {"brings": "songs"}]}, "`brings` is songs, which is no type here; did you mean song?"),
        ({"relations": [TRACKS | {"of": "label"}]}, "`of` is label, which is no type here; types are song, artist"),
        ({"relations": [TRACKS | {"name": "All tracks"}]}, "pattern"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        EntitySettings.model_validate(MUSIC | changes)


def test_a_degree_is_told_by_what_two_relations_bring_alike() -> None:
    music = EntitySettings.model_validate(GRADED)
    (leaning,) = music.degrees
    through, by = music.told_by(leaning)
    assert (through.name, by.name) == ("tracks", "style")


LISTS: dict[str, Any] = {"name": "lists", "of": "artist", "brings": "song", "field": "featuring"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"degrees": [LEANING | {"of": "genre"}]}, "degree leaning: `of` and `to` are both genre; name two types"),
        ({"degrees": [LEANING | {"name": "style"}]}, "names of relations and degrees must differ; twice: style"),
        ({"degrees": [LEANING, LEANING | {"name": "more"}]}, "by one degree alone; of several: artist to genre"),
        (
            {"relations": [TRACKS]},
            "no two relations, one of artist and one of genre, bring .* there are: tracks of artist brings song",
        ),
        ({"degrees": [LEANING | {"to": "mood"}]}, "one of artist and one of mood, bring"),
        ({"degrees": [LEANING | {"through": "style"}]}, r"no two relations \(style and any\), one of artist"),
        (
            {"relations": [TRACKS, LISTS, STYLE]},
            "several relations can tell: tracks and style; lists and style; say which, `through` and `by`",
        ),
    ],
)
def test_degrees_that_nothing_tells_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        EntitySettings.model_validate(GRADED | changes)


def test_of_several_relations_one_is_named() -> None:
    named = {"relations": [TRACKS, LISTS, STYLE], "degrees": [LEANING | {"through": "lists"}]}
    music = EntitySettings.model_validate(GRADED | named)
    assert music.told_by(music.degrees[0]).through.name == "lists"


def test_related_is_usual_where_an_index_declares_relations() -> None:
    def uses(**entities: Any) -> list[str]:
        given = {"entities": MUSIC | entities} if entities else {}
        return [s.use for s in IndexSettings.model_validate({"text_fields": {"title": 1}, **given}).strategies]

    assert uses(relations=[TRACKS])[-2:] == ["related", "fresh"]
    assert uses(relations=[]) == uses()
    assert "related" not in uses()


def test_related_needs_relations_and_structured_something_to_read() -> None:
    def said(entities: dict[str, Any] | None, *uses: str) -> list[str]:
        strategies = [{"name": use, "use": use} for use in uses]
        index = {"text_fields": {"title": 1}, "entities": entities, "strategies": strategies}
        found = contradictions(Settings.model_validate({"indexes": {"music": index}}))
        return [text for place, text in found if place[:2] == ("indexes", "music")]

    assert said(MUSIC, "structured", "related") == []
    lacking = said(None, "structured", "related")
    assert [text.split(";")[0] for text in lacking] == [
        "structured finds nothing without slot_fields or `entities`",
        "related finds nothing without `entities` with relations",
    ]


def test_relations_differ_by_their_parts() -> None:
    assert len({Relation.model_validate(TRACKS), Relation.model_validate(TRACKS | {"field": "who"})}) == 2
