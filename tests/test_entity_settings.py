from typing import Any

import pytest
from pydantic import ValidationError

from ltrr_opensearch.contradictions import contradictions
from ltrr_opensearch.entity_settings import EntitySettings, Relation
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.settings import Settings

SONG: dict[str, Any] = {"type": "song", "name_fields": ["title", "alias"], "names": ["Song", "track"]}
ARTIST: dict[str, Any] = {"type": "artist", "name_fields": ["name"]}
TRACKS: dict[str, Any] = {"name": "tracks", "of": "artist", "brings": "song", "field": "by"}
MUSIC: dict[str, Any] = {"type_field": "kind", "types": [SONG, ARTIST], "relations": [TRACKS]}


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
