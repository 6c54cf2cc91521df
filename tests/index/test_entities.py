"""Whether an index fits its declared entities: its mapping, and its documents."""

from collections import Counter
from typing import Any
from unittest.mock import Mock

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.bench.music import BODY, BY_DEGREE, CONFIGURED, load_music, mixed_rows
from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.index.checkup import examine
from ltrr_opensearch.index.clicked import clicked, roughly
from ltrr_opensearch.index.entity_checks import entities_said
from ltrr_opensearch.index.entity_names import named_with_interest, read_names
from ltrr_opensearch.index.fields import flatten, misfits
from ltrr_opensearch.index.findings import State
from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.index.members import read_members, with_interest
from ltrr_opensearch.index.mentions import borne_names
from ltrr_opensearch.index.prepare import Fields, index_requests
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import EntityScore

MAPPED = flatten(BODY["mappings"])


def music(**changes: Any) -> IndexSettings:
    return IndexSettings.model_validate(CONFIGURED | {"entities": CONFIGURED["entities"] | changes})


def test_fields_of_entities_must_be_keywords_of_the_mapping() -> None:
    assert misfits("music", music(), MAPPED) == []
    song = {"type": "song", "name_fields": ["title"]}
    listed = {"name": "listed", "of": "song", "brings": "song", "key": "ids", "field": "plays"}
    assert misfits("music", music(type_field="kinds", types=[song], relations=[listed]), MAPPED) == [
        "indexes.music.entities.type_field: kinds is not in the mapping; did you mean kind?",
        "indexes.music.entities.types song.name_fields: title is mapped as text, needed is keyword; use title.keyword",
        "indexes.music.entities.relations listed.key: ids is not in the mapping; did you mean id?",
        "indexes.music.entities.relations listed.field: plays is mapped as integer, needed is keyword; remove it, or "
        "map it so and reindex",
    ]


def test_the_doctor_looks_for_the_types_and_what_relates_them(client: OpenSearch, index_name: str) -> None:
    load_music(client, index_name)

    def found(**changes: Any) -> list[tuple[State, str, str]]:
        indexes = {index_name: music(**changes).model_dump(exclude_unset=True)}
        settings = Settings.model_validate({"state": {"prefix": f"{index_name}_l"}, "indexes": indexes})
        findings = examine(client, settings)
        return [(f.state, f.found, f.fix) for f in findings if f.what == f"entities of {index_name}"]

    assert found() == [(State.OK, "77 song, 15 artist, 12 playlist, 10 genre", "")]
    types = [
        {"type": "songs", "name_fields": ["id"]},
        {"type": "genre", "name_fields": ["artists"]},
        {"type": "artist", "name_fields": ["title.keyword"]},
    ]
    relations = [
        {"name": "backwards", "of": "artist", "brings": "genre", "field": "playlists"},
        {"name": "by_genre", "of": "genre", "brings": "artist", "key": "id", "field": "genre"},
    ]
    assert found(types=types, relations=relations) == [
        (State.WARN, "no document has kind songs", "correct entities.types; kind holds song"),
        (State.WARN, "no genre has a name in artists", "correct its name_fields"),
        (State.WARN, "relation backwards: no genre has playlists", "correct its `field`, or take it out"),
        (State.WARN, "relation by_genre: no artist has genre", "correct its `field`, or take it out"),
    ]


def test_a_type_may_be_called_what_no_aggregation_may() -> None:
    client, type = Mock(), "Audio > Headphones [new]"
    answer: dict[str, Any] = {"doc_count": 2, "named": {"doc_count": 2}, "key 0": {"doc_count": 2}}
    client.search.return_value = {
        "aggregations": {"types": {"buckets": []}, "type 0": answer | {"field 0": {"doc_count": 0}}}
    }
    like = {"name": "like", "of": type, "brings": type, "key": "a>b", "field": "c[d]"}
    declared = {"type_field": "kind", "types": [{"type": type, "name_fields": ["name"]}], "relations": [like]}
    found = entities_said(client, "shop", EntitySettings.model_validate(declared))
    assert found == (f"2 {type}", [(f"relation like: no {type} has c[d]", "correct its `field`, or take it out")])
    (of_type,) = (of for name, of in client.search.call_args.kwargs["body"]["aggs"].items() if name == "type 0")
    assert of_type["filter"] == {"term": {"kind": type}}
    assert of_type["aggs"].keys() == {"named", "key 0", "field 0"}


def test_the_doctor_says_where_nothing_tells_of_a_degree(client: OpenSearch, index_name: str) -> None:
    load_music(client, index_name)
    style = {"name": "style", "of": "genre", "brings": "song", "field": "artists"}
    relations = [r for r in CONFIGURED["entities"]["relations"] if r["name"] != "style"]
    leaning = {"name": "leaning", "of": "artist", "to": "genre", "through": "tracks"}

    def said(by: Any) -> list[str]:
        entities = music(relations=[*relations, by], degrees=[leaning]).entities
        assert entities is not None
        return [found for found, _ in entities_said(client, index_name, entities)[1]]

    assert said(style | {"field": "genre"}) == []
    assert said(style)[-1] == "degree leaning: no song has both artist.keyword and artists"


def test_members_come_with_what_their_documents_say(client: OpenSearch, index_name: str) -> None:
    load_music(client, index_name, mixed_rows())
    index = IndexSettings.model_validate(BY_DEGREE)
    known = {one.key: one for one in read_members(client, index_name, index)}
    tags = [row["genre"] for row in mixed_rows() if row.get("artist") == "Mae Alder" and "genre" in row]
    assert (known["Mae Alder"].documents, known["Mae Alder"].groups) == (len(tags), dict(Counter(tags)))
    average = sum(of.interest for of in known.values()) / sum(of.documents for of in known.values())
    (one,) = (of for of in with_interest(known.values()) if of.key == "Mae Alder")
    assert one.interest == pytest.approx(len(tags) + known["Mae Alder"].interest / average)


def test_clicks_on_what_a_genre_was_asked_for_move_degrees(client: OpenSearch, index_name: str) -> None:
    load_music(client, index_name, mixed_rows())
    index = IndexSettings.model_validate(BY_DEGREE)
    by_title = {row["title"]: row["id"] for row in mixed_rows()}
    song = next(row for row in mixed_rows() if row.get("artist") == "Milo Strand")
    memory = Memory.from_rows(
        [
            MemoryRow("folk", (EntityScore(by_title["Folk"], 0.9),)),
            MemoryRow("folk artists", (EntityScore(by_title["Mae Alder"], 0.8), EntityScore("gone", 0.5))),
            MemoryRow("the best folk songs ever", (EntityScore(by_title["Mae Alder"], 0.9),)),
            MemoryRow("folk songs", (EntityScore(song["id"], 0.4), EntityScore(by_title["Mae Alder"], 0.9, True))),
        ]
    )
    clicks = clicked(client, index_name, index, memory)
    assert clicks == {
        ("leaning", "Mae Alder", "Folk"): pytest.approx(4.0),
        ("leaning", "Milo Strand", "Folk"): pytest.approx(2.0),
    }, "neither predictions nor other queries count, nor the genre itself"
    client.index(
        index=index_name, id=song["id"], body=song | {"names": [song["id"], "other"]}, params={"refresh": "true"}
    )
    several = index.model_copy(update={"object_id_field": "names.keyword"})
    other = Memory.from_rows([MemoryRow("folk", (EntityScore("other", 0.4),))])
    assert clicked(client, index_name, several, other) == {("leaning", "Milo Strand", "Folk"): pytest.approx(2.0)}
    before, after = (build_gazetteer(client, index_name, index, told).degrees for told in ({}, clicks))
    without, with_ = (of.degree("leaning", "Mae Alder", ["Folk"]) for of in (before, after))
    assert without is not None
    assert with_ is not None
    assert with_ > without + 0.2
    assert roughly(clicks) == roughly({pair: 1.05 * of for pair, of in clicks.items()}), "fading changes little"
    assert roughly(clicks) != roughly({pair: 2 * of for pair, of in clicks.items()})


def test_names_come_with_the_interest_in_them_and_the_keys_of_their_relations(
    client: OpenSearch, index_name: str, monkeypatch: Any
) -> None:
    load_music(client, index_name)
    monkeypatch.setattr("ltrr_opensearch.index.composite.PAGE", 7)
    names = named_with_interest(read_names(client, index_name, music()))
    assert len(names) == 110, "of 77 songs, four titles are shared by two"
    by = {(one.type, one.name): one for one in names}
    assert by["song", "Love"].documents == 2
    assert by["song", "Love"].interest > by["artist", "Love"].interest > by["genre", "Love"].interest > 1
    assert by["artist", "Taylor Hart"].short
    assert (dict(by["playlist", "Love"].keys), dict(by["song", "Love"].keys)) == ({"id": ("p93",)}, {})
    monkeypatch.setattr("ltrr_opensearch.index.entity_names.MAX_TYPE_NAMES", 2)
    assert {one.name for one in read_names(client, index_name, music()).values() if one.type == "artist"} == {
        "Taylor Hart",
        "Kid Velvet",
    }, "the popular ones"


def test_documents_bear_the_names_of_what_they_belong_to() -> None:
    entities = music().entities
    assert entities is not None
    song: dict[str, list[object]] = {
        "kind": ["song"],
        "title.keyword": ["Blue"],
        "artist.keyword": ["Ella Fontaine"],
        "genre": ["Jazz"],
        "playlists": ["p1"],
    }
    assert borne_names(song, entities) == {"blue", "ella fontaine", "ella", "fontaine", "jazz"}
    assert borne_names(song | {"kind": ["podcast"]}, entities) == set()


def test_a_new_index_maps_the_fields_of_entities(client: OpenSearch, index_name: str) -> None:
    (creation,) = index_requests(client, index_name, music(), Fields())
    assert creation.body is not None
    made = flatten(creation.body["mappings"])
    assert misfits("music", music(), made) == []
    assert {made[path].type for path in ("kind", "title.keyword", "artists", "id")} == {"keyword"}
