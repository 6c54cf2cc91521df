"""Icecat with typed slot fields: numbers with units, yes and no, dates, beside the values of its text attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from ltrr_opensearch.bench.intended import intended_fields
from ltrr_opensearch.bench.ranking_world import RATED_FILE, Grades, read_final
from ltrr_opensearch.bench.read_world import ReadWorld
from ltrr_opensearch.bench.recorded import connect_to, prepare
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.progress import waiting
from ltrr_opensearch.demo.shop_index import configuration, index_body
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.types import Json

INDEX = "icecat-slots"
SYNONYMS = (
    "laptop, notebook",
    "motherboard, mainboard => desktop board",
    "cpu => processor",
    "network card, nic => network interface card",
    "hewlett packard, hewlett-packard => hp",
    "gray, grey",
)
"""What a shop of electronics would configure."""
_TYPES: Json = {"number": {"type": "double"}, "boolean": {"type": "boolean"}, "date": {"type": "date"}}
_VALUE: Json = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}


@dataclass(frozen=True)
class SlotsWorld(ReadWorld):
    without_synonyms: Knowledge
    grades: Grades


def slots_world(console: Console, stack: Stack) -> SlotsWorld:
    folder = data.find(stack.home)
    products = data.load(folder).products
    content = configuration(INDEX, "", stack.ports, stack.home)
    owner = {k: v for k, v in content["indexes"][INDEX].items() if k != "vector"}
    content["indexes"][INDEX] = {**owner, "slot_fields": slot_fields(), "synonyms": list(SYNONYMS)}
    prepare(console, stack, INDEX, typed_body(products), products, content)
    client, index = connect_to(stack), load_settings(stack.config).indexes[INDEX]
    plain = index.model_copy(update={"synonyms": ()})
    with waiting(console, "Reading the values of the slot fields"):
        known, without = (Knowledge(gazetteer=build_gazetteer(client, INDEX, i)) for i in (index, plain))
    return SlotsWorld(client, INDEX, index, known, without, read_final(folder / RATED_FILE))


def slot_fields() -> list[Json]:
    """As they were given beside the intended slots; texts by their keyword subfield."""
    return [{**f, "field": f"{f['field']}.keyword"} if f["kind"] == "keyword" else f for f in intended_fields()]


def typed_body(products: Sequence[Json]) -> Json:
    body = index_body(products)
    for field in intended_fields():
        body["mappings"]["properties"].setdefault(field["field"], _TYPES.get(field["kind"], _VALUE))
    return body
