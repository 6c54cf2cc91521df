"""What was meant by a query, told by the documents that people took, and what is learned from it on a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from ltrr_opensearch.arena.gather import serving_for, template_of
from ltrr_opensearch.arena.meant import Fields, meant
from ltrr_opensearch.arena.record import request
from ltrr_opensearch.cli.main import main
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.knowledge.entity_names import EntityName
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.members import Member
from ltrr_opensearch.logged import CandidateRecord, Decision, Event
from ltrr_opensearch.plan.entities import EntityEvidence
from ltrr_opensearch.types import NAME, TYPE, DocKey, Found, Reading, SlotValue
from tests.learn.shop import Shop
from tests.learn.synthetic import decision

BRAND = SlotValue("brand", "Orange", 0, 1, 0.6, ("Orange", "ORANGE"))
COLOUR = SlotValue("colour", "orange", 0, 1, 0.3)
CHEAP = SlotValue("price", "at most 500", 1, 3, 0.9, kind="number", lte=500.0)
NO_WIFI = SlotValue("wifi", "true", 3, 5, 0.9, kind="boolean", negated=True)
NEW = SlotValue("made", "since 2020", 5, 7, 0.9, kind="date", gte="2020-01-01")
READINGS = [
    Reading((BRAND, CHEAP), "", 0.4),
    Reading((COLOUR, CHEAP), "", 0.3),
    Reading((COLOUR,), "under 500", 0.1),
    Reading((NO_WIFI, NEW), "orange under 500", 0.1),
    Reading((), "orange under 500", 0.1),
]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"brand": ["ORANGE"], "colour": ["orange"], "price": [80]}, 0),
        ({"brand": ["Acme"], "colour": ["orange"], "price": [500.0]}, 1),
        ({"colour": ["black", "orange"], "price": [501]}, 2),
        ({"colour": ["orange"]}, 2),
        ({"wifi": [False], "made": ["2021-05-01T00:00:00Z"]}, 3),
        ({"wifi": [True], "made": ["2021-05-01T00:00:00Z"]}, 4),
        ({"wifi": [False], "made": ["2019-05-01T00:00:00Z"]}, 4),
        ({"made": ["2021-05-01T00:00:00Z"]}, 4),
        ({}, 4),
    ],
)
def test_the_reading_is_meant_that_the_document_bears_out_in_most_words(document: Fields, place: int) -> None:
    assert meant(READINGS, document) == place


TRACKS = {"name": "tracks", "of": "artist", "brings": "song", "field": "by"}
STYLE = {"name": "style", "of": "genre", "brings": "song", "field": "genre"}
MUSIC = EntitySettings.model_validate(
    {
        "type_field": "kind",
        "types": [{"type": type, "name_fields": ["title"]} for type in ("song", "artist", "playlist")],
        "relations": [
            TRACKS,
            {"name": "listed", "of": "playlist", "brings": "song", "key": "id", "field": "lists"},
        ],
    }
)
KNOWN = Gazetteer.from_values((), names=[EntityName("playlist", "Love", 1, 1.0, keys={"id": ("p1",)})])
SONG, ARTIST, PLAYLIST = (
    SlotValue("title", "Love", 0, 1, 0.3, ("Love", "LOVE"), kind=NAME, entity=type)
    for type in ("song", "artist", "playlist")
)
LISTS = SlotValue("kind", "playlist", 1, 2, 0.5, ("playlist",), kind=TYPE, entity="playlist")
NAMED = [
    Reading((SONG,), "", 0.4, "song"),
    Reading((ARTIST,), "", 0.2, "artist"),
    Reading((PLAYLIST,), "", 0.2, "playlist"),
    Reading((PLAYLIST, LISTS), "", 0.1, "playlist"),
    Reading((replace(ARTIST, negated=True), LISTS), "", 0.05, "playlist"),
    Reading((), "love playlist", 0.05),
]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"kind": ["song"], "title": ["LOVE"]}, 0),
        ({"kind": ["song"], "title": ["Love"], "by": ["Love"]}, 0),
        ({"kind": ["artist"], "title": ["Love"]}, 1),
        ({"kind": ["song"], "title": ["Alone"], "by": ["Love"]}, 1),
        ({"kind": ["song"], "title": ["Alone"], "lists": ["p7", "p1"]}, 2),
        ({"kind": ["playlist"], "title": ["Love"]}, 3),
        ({"kind": ["playlist"], "title": ["Rain"]}, 4),
        ({"kind": ["song"], "title": ["Alone"]}, 5),
        ({"title": ["Love"]}, 5),
    ],
)
def test_of_names_what_is_taken_is_meant_or_what_it_belongs_to(document: Fields, place: int) -> None:
    assert meant(NAMED, document, EntityEvidence(MUSIC, KNOWN)) == place


def test_who_takes_what_belongs_to_a_degree_meant_the_group() -> None:
    declared = {"relations": [TRACKS, STYLE], "degrees": [{"name": "leaning", "of": "artist", "to": "genre"}]}
    genre = {"type": "genre", "name_fields": ["title"]}
    music = EntitySettings.model_validate(
        MUSIC.model_dump() | declared | {"types": [*(t.model_dump() for t in MUSIC.types), genre]}
    )
    members = [
        Member("leaning", "Hart", 20, {"Jazz": 5, "Pop": 15}, 1.0),
        Member("leaning", "Iron", 99, {"Pop": 99}, 1.0),
    ]
    evidence = EntityEvidence(music, Gazetteer.from_values((), entities=music, members=members))
    jazz = SlotValue("title", "Jazz", 0, 1, 0.5, ("Jazz",), kind=NAME, entity="genre")
    assert evidence.concerns(jazz, {"kind": ["artist"], "title": ["Hart"]})
    assert not evidence.concerns(jazz, {"kind": ["artist"], "title": ["Iron"]})
    assert evidence.concerns(jazz, {"kind": ["song"], "by": ["Hart"]}), "it does not say of which genre it is"
    assert not evidence.concerns(jazz, {"kind": ["song"], "by": ["Hart"], "genre": ["Pop"]})


WORDS = ("orange", "violet", "coral", "rose", "olive", "ruby", "pearl", "sand", "ivory", "mint", "cherry", "plum")
"""Each a brand of many things, and a colour of a few."""


TITLES = ("storm", "ferry", "candle", "meadow", "anchor", "comet", "willow", "lantern", "glacier", "harvest")
"""Each the title of two songs, and of a playlist."""


def entities() -> list[dict[str, Any]]:
    songs = [{"title": word, "kind": "song", "number": n} for word in TITLES for n in range(2)]
    return songs + [{"title": word, "kind": "playlist"} for word in TITLES]


def products() -> list[dict[str, Any]]:
    brands = [{"title": f"{word} phone {n}", "brand": word, "colour": "black"} for word in WORDS for n in range(9)]
    return brands + [{"title": f"{word} case {n}", "brand": "acme", "colour": word} for word in WORDS for n in range(4)]


def searches(index: str, taken: Mapping[str, str], key: str) -> tuple[list[Decision], list[Event]]:
    """Everybody who asks for a word takes the same document."""
    decisions, events = [], []
    for number, (word, id) in enumerate([*taken.items()] * 5):
        found = (CandidateRecord(DocKey(index, id), (Found("lexical", 1, 1.0),), {}),)
        one = replace(decision(number), index=key, text=word, normalized=word, candidates=found, shown=1)
        decisions.append(one)
        events.append(Event(one.query_id, one.at + timedelta(seconds=5), "click", id, 1, one.asker.user))
    return decisions, events


@pytest.fixture
def config(client: OpenSearch, node: Any, index_name: str, tmp_path: Path) -> Path:
    shop, catalogue = Shop.create(client, index_name), f"{index_name}-shop"
    keyword = {"type": "keyword"}
    title = {"type": "text", "fields": {"keyword": keyword}}
    mapping = {"title": title, "brand": keyword, "colour": keyword, "kind": keyword}
    client.indices.create(index=catalogue, body={"mappings": {"properties": mapping}})
    rows = [*products(), *entities()]
    bulk(client, ({"_index": catalogue, "_id": str(n), **row} for n, row in enumerate(rows)))
    taken = {row["colour"]: str(n) for n, row in enumerate(rows) if row.get("colour") in WORDS}
    taken |= {row["title"]: str(n) for n, row in enumerate(rows) if row.get("kind") == "playlist"}
    shop.put(*searches(catalogue, taken, catalogue))
    client.indices.refresh(index=f"{index_name}*")
    settings = {
        "cluster": {"url": node.url},
        "state": {"prefix": index_name, "ubi_events": f"{index_name}-events"},
        "indexes": {
            catalogue: {
                "text_fields": {"title": 1},
                "slot_fields": ["brand", "colour"],
                "entities": {
                    "type_field": "kind",
                    "types": [{"type": type, "name_fields": ["title.keyword"]} for type in ("song", "playlist")],
                },
            }
        },
    }
    file = tmp_path / "ltrr.yml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


def test_what_people_take_turns_the_order_of_readings(config: Path, client: OpenSearch, tmp_path: Path) -> None:
    def typed(*words: object) -> str:
        found = CliRunner(env={"COLUMNS": "160"}).invoke(main, ["--config", str(config), "readings", *map(str, words)])
        assert found.exit_code == 0, found.output
        return found.output

    def first(text: str) -> tuple[str, ...]:
        settings = load_settings(config)
        (key,) = settings.indexes
        serving, _ = serving_for(settings, key, client, None)
        template = template_of(None, settings.indexes[key])
        reading = serving.analyze(request(text, key, template)).readings[0]
        return tuple(slot.about for slot in reading.slots)

    lines, weights = tmp_path / "said.jsonl", tmp_path / "weights"
    assert (first("rose"), first("storm")) == (("brand",), ("song",))
    everybody = "110 searches of 22 queries; in 110 another reading was meant"
    assert everybody in typed("from-clicks", lines, "--days", 10_000)
    typed("train", lines, "--into", weights, "--no-table", "--loss", "cross_entropy")
    typed("publish", weights)
    assert (first("rose"), first("storm")) == (("colour",), ("playlist",))
    assert everybody in typed("from-clicks", lines, "--days", 10_000), "weights do not learn from themselves"
