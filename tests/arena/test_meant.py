"""What was meant by a query, told by the documents that people took, and what is learned from it on a node."""

from __future__ import annotations

from collections.abc import Sequence
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
from ltrr_opensearch.logged import CandidateRecord, Decision, Event
from ltrr_opensearch.types import DocKey, Found, Reading, SlotValue
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


WORDS = ("orange", "violet", "coral", "rose", "olive", "ruby", "pearl", "sand", "ivory", "mint", "cherry", "plum")
"""Each a brand of many things, and a colour of a few."""


def products() -> list[dict[str, Any]]:
    brands = [{"title": f"{word} phone {n}", "brand": word, "colour": "black"} for word in WORDS for n in range(9)]
    return brands + [{"title": f"{word} case {n}", "brand": "acme", "colour": word} for word in WORDS for n in range(4)]


def searches(index: str, taken: Sequence[str], key: str) -> tuple[list[Decision], list[Event]]:
    """Everybody who asks for a word takes the thing of that colour."""
    decisions, events = [], []
    for number in range(5 * len(WORDS)):
        word, id = WORDS[number % len(WORDS)], taken[number % len(WORDS)]
        found = (CandidateRecord(DocKey(index, id), (Found("lexical", 1, 1.0),), {}),)
        one = replace(decision(number), index=key, text=word, normalized=word, candidates=found, shown=1)
        decisions.append(one)
        events.append(Event(one.query_id, one.at + timedelta(seconds=5), "click", id, 1, one.asker.user))
    return decisions, events


@pytest.fixture
def config(client: OpenSearch, node: Any, index_name: str, tmp_path: Path) -> Path:
    shop, catalogue = Shop.create(client, index_name), f"{index_name}-shop"
    keyword = {"type": "keyword"}
    mapping = {"title": {"type": "text"}, "brand": keyword, "colour": keyword}
    client.indices.create(index=catalogue, body={"mappings": {"properties": mapping}})
    rows = products()
    bulk(client, ({"_index": catalogue, "_id": str(n), **row} for n, row in enumerate(rows)))
    taken = [next(str(n) for n, row in enumerate(rows) if row["colour"] == word) for word in WORDS]
    shop.put(*searches(catalogue, taken, catalogue))
    client.indices.refresh(index=f"{index_name}*")
    settings = {
        "cluster": {"url": node.url},
        "state": {"prefix": index_name, "ubi_events": f"{index_name}-events"},
        "indexes": {catalogue: {"text_fields": {"title": 1}, "slot_fields": ["brand", "colour"]}},
    }
    file = tmp_path / "ltrr.yml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


def test_what_people_take_turns_the_order_of_readings(config: Path, client: OpenSearch, tmp_path: Path) -> None:
    def typed(*words: object) -> str:
        found = CliRunner(env={"COLUMNS": "160"}).invoke(main, ["--config", str(config), "readings", *map(str, words)])
        assert found.exit_code == 0, found.output
        return found.output

    def first() -> tuple[str, ...]:
        settings = load_settings(config)
        (key,) = settings.indexes
        serving, _ = serving_for(settings, key, client, None)
        template = template_of(None, settings.indexes[key])
        reading = serving.analyze(request("rose", key, template)).readings[0]
        return tuple(slot.field for slot in reading.slots)

    lines, weights = tmp_path / "said.jsonl", tmp_path / "weights"
    assert first() == ("brand",)
    assert "60 searches of 12 queries; in 60 another reading was meant" in typed("from-clicks", lines, "--days", 10_000)
    typed("train", lines, "--into", weights, "--no-table", "--loss", "cross_entropy")
    typed("publish", weights)
    assert first() == ("colour",)
    assert "60 searches of 12 queries; in 60 another" in typed("from-clicks", lines, "--days", 10_000)
