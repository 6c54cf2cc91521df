"""A small made-up catalogue of songs, artists, playlists and genres, and queries with the entity that each means.

The queries were written and committed before anything read them (`tests/understand`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from ltrr_opensearch.bench.read_world import ReadWorld
from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.types import NAME, Json, Reading

FOLDER = Path(__file__).parents[2] / "tests" / "understand"
CONFIGURED: Json = {
    "text_fields": {"title": 1, "artist": 1},
    "popularity": {"field": "plays", "pivot": 1000},
    "entities": {
        "type_field": "kind",
        "types": [
            {"type": "song", "name_fields": ["title.keyword"], "names": ["song", "track"]},
            {"type": "artist", "name_fields": ["title.keyword"], "names": ["artist", "band", "singer"], "short": True},
            {"type": "playlist", "name_fields": ["title.keyword"]},
            {"type": "genre", "name_fields": ["title.keyword"]},
        ],
        "relations": [
            {"name": "tracks", "of": "artist", "brings": "song", "field": "artist.keyword"},
            {"name": "features", "of": "artist", "brings": "playlist", "field": "artists"},
            {"name": "style", "of": "genre", "brings": "song", "field": "genre"},
            {"name": "listed", "of": "playlist", "brings": "song", "key": "id", "field": "playlists"},
        ],
    },
}
BY_DEGREE: Json = CONFIGURED | {
    "entities": CONFIGURED["entities"] | {"degrees": [{"name": "leaning", "of": "artist", "to": "genre"}]}
}
_KEYWORD: Json = {"type": "keyword"}
_TEXT: Json = {"type": "text", "fields": {"keyword": _KEYWORD}}
BODY: Json = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0},
    "mappings": {
        "properties": {
            **dict.fromkeys(("id", "kind", "genre", "artists", "playlists"), _KEYWORD),
            **dict.fromkeys(("title", "artist"), _TEXT),
            "plays": {"type": "integer"},
        }
    },
}


@dataclass(frozen=True)
class Meant:
    query: str
    kind: str
    """The class of the query: ambiguous, typo, two names, a type's word, ..."""
    wanted: str
    """Type of what is wanted."""
    names: Mapping[str, str]
    """Type -> name of the entity that is named."""

    def by(self, reading: Reading) -> bool:
        """Whether a reading wants that type, and names these entities and no others."""
        named = {slot.entity: slot for slot in reading.slots if slot.kind == NAME}
        right = all(type in named and name in named[type].spellings for type, name in self.names.items())
        return right and named.keys() == self.names.keys() and reading.entity == self.wanted


@dataclass(frozen=True)
class Judged:
    query: str
    kind: str
    grades: Mapping[str, int]
    """Id of a document -> 1, somewhat; 2, half; 3, mostly or wholly what is asked for."""


def music_rows() -> list[Json]:
    return list(_lines("music.jsonl"))


def mixed_rows() -> list[Json]:
    """Another catalogue: a quarter of its songs lack a genre, a tenth says a wrong one."""
    return list(_lines("music_mixed.jsonl"))


def judged_by_degree() -> list[Judged]:
    """Judged by what the other catalogue's artists play in truth, of which its tags are a faulty copy."""
    return [Judged(row["query"], row["kind"], row["grades"]) for row in _lines("music_degrees.jsonl")]


def music_queries() -> list[Meant]:
    return [Meant(row["query"], row["kind"], row["wanted"], row["names"]) for row in _lines("music_queries.jsonl")]


def music_world(
    client: OpenSearch, name: str, rows: Sequence[Json] = (), configured: Mapping[str, Any] = CONFIGURED
) -> ReadWorld:
    """The catalogue in an index of this name, which is made, and its names read as set-up reads them."""
    load_music(client, name, rows)
    index = IndexSettings.model_validate(configured)
    return ReadWorld(client, name, index, Knowledge(gazetteer=build_gazetteer(client, name, index)))


def load_music(client: OpenSearch, name: str, rows: Sequence[Json] = ()) -> None:
    client.indices.delete(index=name, ignore_unavailable=True)
    client.indices.create(index=name, body=BODY)
    bulk(client, ({"_index": name, "_id": row["id"], **row} for row in rows or music_rows()), refresh=True)


def _lines(file: str) -> Iterator[Json]:
    yield from map(json.loads, (FOLDER / file).read_text(encoding="utf-8").splitlines())
