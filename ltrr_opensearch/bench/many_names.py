"""A gazetteer of a million made-up names of entities of four types: what understanding a query takes with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.many_values import QUERIES, Many, many_values, queries, understanding_ms
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.entity_names import EntityName
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.snapshot import Knowledge

TYPES = ("song", "artist", "playlist", "album")
INDEX = IndexSettings.model_validate(
    {
        "text_fields": {"title": 1},
        "entities": {
            "type_field": "kind",
            "types": [{"type": type, "name_fields": ["title"], "short": type == "artist"} for type in TYPES],
            "relations": [
                {"name": "tracks", "of": "artist", "brings": "song", "field": "artist"},
                {"name": "listed", "of": "playlist", "brings": "song", "key": "id", "field": "playlists"},
            ],
        },
    }
)


def entity_names(many: Many) -> Iterator[EntityName]:
    """The made-up values as names; those of the first two fields are songs, and so on. Playlists have keys."""
    for number, (field, name, count) in enumerate(many.rows):
        type = TYPES[int(field[-1]) // 2]
        keys = {"id": (f"p{number}",)} if type == "playlist" else {}
        yield EntityName(type, name, 1, float(count), type == "artist", keys)


def measure_names(say: Callable[[str], None], count: int) -> list[Figure]:
    many = many_values(count)
    say(f"Building a gazetteer of {count} names")
    said = Mentions(words=dict.fromkeys(many.words[:100000], 5))
    began = time.perf_counter()
    built = Gazetteer.from_values((), 2_000_000, said, entities=INDEX.entities, names=list(entity_names(many)))
    made_s = time.perf_counter() - began
    loaded = Gazetteer.from_bytes(built.to_bytes())
    say("Understanding queries with it")
    asked = [f"songs by {text}" if n % 4 == 0 else text for n, text in enumerate(queries(many, QUERIES))]
    times = understanding_ms(Knowledge(gazetteer=loaded), asked, INDEX)
    made_with = f"{len(loaded.values)} names of {len(TYPES)} types; processor time, {QUERIES} queries"
    late, usual = (float(np.quantile(times, share)) for share in (0.99, 0.5))
    return [
        Figure(
            "understanding a query, million names: p99",
            late,
            "ms",
            None,
            3.0,
            False,
            runs=len(times),
            made_with=made_with,
        ),
        Figure("understanding a query, million names: median", usual, "ms", None, None, False, runs=len(times)),
        Figure("gazetteer of names in memory", loaded.nbytes / 1e6, "MB", None, 250.0, False, made_with=made_with),
        Figure("gazetteer of names: building from counted names", made_s, "s", None, None, False),
    ]
