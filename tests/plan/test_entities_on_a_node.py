"""Entities of a small music catalogue on a real node: read, searched, and what belongs to them brought along."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.bench.music import BY_DEGREE, mixed_rows, music_queries, music_rows, music_world
from ltrr_opensearch.bench.read_world import ReadWorld
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.plan.related import Related
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.types import Encoded, Json
from tests.engine.worlds import bench, request_of, serving_of

ROWS = {row["id"]: row for row in music_rows()}


@pytest.fixture(scope="module")
def music(client: OpenSearch) -> Iterator[ReadWorld]:
    name = f"test_{uuid4().hex[:12]}"
    yield music_world(client, name)
    client.indices.delete(index=name)


def found(music: ReadWorld, use: str, text: str, size: int = 10, **options: Any) -> list[Json]:
    made = Structured if use == "structured" else Related
    (plan,) = made(use, options, music.index, music.knowledge).plan(music.read(text))
    return [ROWS[id] for id in music.ids(plan.clause(size, Encoded()) or {}, size)]


def test_love_is_a_song_an_artist_a_playlist_and_a_genre(music: ReadWorld) -> None:
    readings = music.read("love").readings
    assert [r.entity for r in readings] == ["song", "playlist", "artist", "genre", ""]
    assert sum(r.likelihood for r in readings) <= 1 + 1e-9
    assert all(r.likelihood > 0.05 for r in readings[:4])
    best = found(music, "structured", "love", 5, readings=5)
    assert [(row["kind"], row["title"]) for row in best] == [
        *[("song", "Love")] * 2,
        *((kind, "Love") for kind in ("playlist", "artist", "genre")),
    ]
    assert best[0]["plays"] > best[1]["plays"], "of two tracks of one title the popular one surfaces"


def test_nearly_every_query_is_read_as_it_was_meant(music: ReadWorld) -> None:
    missed = [(q.query, q.wanted) for q in music_queries() if not any(map(q.by, music.read(q.query).readings[:3]))]
    assert missed == [("love", "genre")], "the fourth of four"


def test_two_names_in_one_query(music: ReadWorld) -> None:
    love, *others = found(music, "structured", "tayler love", fall_back=False)
    assert (love["kind"], love["title"], love["artist"]) == ("song", "Love", "Taylor Hart")
    assert [(row["kind"], row["title"]) for row in others] == [("song", "Crazy Love"), ("playlist", "Love")], (
        "both are hers, too"
    )


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("songs by taylor hart", "artist", "Taylor Hart"),
        ("country songs", "genre", "Country"),
        ("tracks in deep focus", "playlists", next(id for id, row in ROWS.items() if row["title"] == "Deep Focus")),
    ],
)
def test_songs_of_what_is_named(music: ReadWorld, text: str, field: str, value: str) -> None:
    belonging = {id for id, row in ROWS.items() if row["kind"] == "song" and value in row.get(field, ())}
    assert {row["id"] for row in found(music, "structured", text, len(belonging))} == belonging


def test_an_artists_tracks_come_along_though_they_say_nothing_of_the_query(music: ReadWorld) -> None:
    tracks = found(music, "related", "duarte", relations=["tracks"])
    assert [row["title"] for row in tracks] == [
        "Fuego Lento",
        "Corazon de Papel",
        "Summer",
        "Lisbon by Night",
        "Paloma",
    ], "the popular ones first"
    assert all("duarte" not in row["title"].casefold() for row in tracks)


def test_of_her_tracks_that_one_comes_first_of_which_a_word_is_said(music: ReadWorld) -> None:
    first, second, *_ = found(music, "related", "taylor hart tennessee", relations=["tracks"])
    assert (first["title"], second["title"]) == ("Tennessee Rain", "Love")


@pytest.fixture(scope="module")
def mixed(client: OpenSearch) -> Iterator[ReadWorld]:
    name = f"test_{uuid4().hex[:12]}"
    yield music_world(client, name, mixed_rows(), BY_DEGREE)
    client.indices.delete(index=name)


def titles(mixed: ReadWorld, use: str, text: str, size: int, **options: Any) -> list[str]:
    made = Structured if use == "structured" else Related
    (plan,) = made(use, options, mixed.index, mixed.knowledge).plan(mixed.read(text))
    rows = {row["id"]: row["title"] for row in mixed_rows()}
    return [rows[id] for id in mixed.ids(plan.clause(size, Encoded()) or {}, size)]


def test_artists_of_a_genre_come_by_the_degree_to_which_they_are_of_it(mixed: ReadWorld) -> None:
    assert mixed.read("jazz artists").readings[0].entity == "artist"
    jazz = titles(mixed, "structured", "jazz artists", 9, fall_back=False)
    assert set(jazz[:2]) == {"Ada Merrow", "Harbour Street Five"}, "all of eight, and seven of nine songs"
    assert jazz.index("Ada Merrow") < jazz.index("One Song Sally"), "though she is less popular"
    assert "Rosa Quintero" in jazz, "three of ten: less, but no hard no"
    assert "Iron Psalm" not in jazz


def test_a_genre_brings_its_artists_along(mixed: ReadWorld) -> None:
    jazz = titles(mixed, "related", "jazz", 5, relations=["leaning"])
    assert {"Ada Merrow", "One Song Sally"} <= set(jazz)


def test_a_song_without_a_genre_has_its_artists(mixed: ReadWorld) -> None:
    lacking = {row["title"] for row in mixed_rows() if row.get("artist") == "Iron Psalm" and "genre" not in row}
    assert lacking
    assert lacking <= set(titles(mixed, "structured", "metal songs", 50, fall_back=False))


async def test_only_what_the_caller_may_see_comes_along(node: Any, music: ReadWorld) -> None:
    """Under the client's filters: an artist's country songs, and nothing told of what the page does not show."""
    strategies = build_strategies(music.index, music.knowledge)
    serving = serving_of(index=music.index, knowledge=music.knowledge, strategies=strategies)
    query = {"bool": {"must": {"match": {"title": "taylor hart"}}, "filter": [{"term": {"genre": "Country"}}]}}
    async with bench(node.url, serving) as b:
        country = await b.page(replace(request_of(music.name, "taylor hart", query=query), explain=True))
        query["bool"]["filter"] = [{"term": {"genre": "Jazz"}}]
        jazz = await b.page(replace(request_of(music.name, "taylor hart", query=query), explain=True))
    assert {h["_source"]["title"] for h in country["hits"]["hits"]} == {"Leave the Light On", "Tennessee Rain"}
    told = country["ext"]["ltrr"]
    assert {key: value for key, value in told["readings"][0].items() if key != "likelihood"} == {
        "slots": {"artist": "taylor hart"},
        "residual": "",
        "entity": "artist",
    }
    assert next(plan for plan in told["plans"] if plan["plan"] == "related")["found"] == 2
    assert jazz["hits"]["hits"] == []
    assert all(not reading["slots"] for reading in jazz["ext"]["ltrr"]["readings"])
