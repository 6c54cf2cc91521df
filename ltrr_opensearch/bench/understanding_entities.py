"""What is claimed of entities, on a small music catalogue: the entity that is meant is among the first readings, and
what belongs to it comes along, wholly or to a degree; a million names are understood within milliseconds.

Both queries and catalogue were made for this, so the figures say that it works, not how often people ask so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from ltrr_opensearch.bench.degrees_icecat import foretold
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.fused import fused
from ltrr_opensearch.bench.many_names import measure_names
from ltrr_opensearch.bench.music import Meant, music_queries, music_rows, music_world
from ltrr_opensearch.bench.read_world import ReadWorld
from ltrr_opensearch.bench.recorded import arena_stack, connect_to
from ltrr_opensearch.bench.understanding_degrees import by_degree
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.progress import waiting
from ltrr_opensearch.evaluate.measures import mean, paired_difference
from ltrr_opensearch.types import Json

INDEX = "music-entities"
NAMES, QUICK_NAMES = 1_000_000, 50_000
TARGET_READINGS = 0.95
FIRST, FAR_BEHIND, PAGE = 3, 50, 10
WITHOUT, WITH = ("original", "lexical", "structured"), ("original", "lexical", "structured", "related")
_OF: Mapping[str, str] = {"artist": "artist", "genre": "genre", "playlist": "playlists"}
"""Type of an entity -> the field of songs that tells that they belong to it."""


def measure(console: Console, quick: bool) -> list[Figure]:
    with arena_stack() as stack, waiting(console, "Entities of a music catalogue"):
        world = music_world(connect_to(stack), INDEX)
        found = [*read_as_meant(world), *belonging(world), *by_degree(connect_to(stack))]
        found += foretold(data.load(data.find(stack.home)).products)
    with waiting(console, "A million names") as say:
        return [*found, *measure_names(say, QUICK_NAMES if quick else NAMES)]


def read_as_meant(world: ReadWorld) -> list[Figure]:
    """The share of queries whose entity is among the first three readings, in all and by class."""
    asked = music_queries()
    places = [_place(world, query) for query in asked]
    kinds = {kind: [place for place, q in zip(places, asked, strict=True) if q.kind == kind] for kind in _kinds(asked)}
    name = "entity meant among the first three readings"
    return [
        Figure(name, _within(FIRST, places), "", None, TARGET_READINGS, runs=len(places)),
        Figure("entity meant is the likeliest reading", _within(1, places), "", runs=len(places)),
        *(Figure(f"{name}: {kind}", _within(FIRST, of), "", runs=len(of)) for kind, of in kinds.items()),
    ]


def belonging(world: ReadWorld) -> list[Figure]:
    """Of an entity that is asked for by its name alone, how much of what belongs to it is on the first page."""
    songs = [row for row in music_rows() if row["kind"] == "song"]
    alone = [query for query in music_queries() if query.names.keys() == {query.wanted} <= _OF.keys()]
    recall = {
        name: {f"{q.query}, {q.wanted}": _recall(_belonging(q, songs), fused(world, q.query, uses)) for q in alone}
        for name, uses in (("with", WITH), ("without", WITHOUT))
    }
    gap = paired_difference(recall["with"], recall["without"])
    figure = Figure(
        "recall@10 of what belongs to the entity: related, beside the union without",
        gap.mean,
        "recall@10",
        None,
        0.0,
        interval=(gap.low, gap.high),
        runs=gap.queries,
        made_with="; ".join(f"{name} {mean(of):.4f}" for name, of in recall.items()),
    )
    return [figure]


def _kinds(asked: Sequence[Meant]) -> list[str]:
    return sorted({query.kind for query in asked})


def _place(world: ReadWorld, query: Meant) -> int:
    """Of the first reading that is meant, from 1; far behind where none is."""
    readings = world.read(query.query).readings
    return next((place for place, reading in enumerate(readings, 1) if query.by(reading)), FAR_BEHIND)


def _within(most: int, places: Sequence[int]) -> float:
    return sum(place <= most for place in places) / len(places)


def _belonging(query: Meant, songs: Sequence[Json]) -> set[str]:
    """Ids of the songs of what is meant. A playlist is known to its songs by its id."""
    name = query.names[query.wanted]
    if query.wanted == "playlist":
        name = next(row["id"] for row in music_rows() if row["kind"] == "playlist" and row["title"] == name)
    held = ((song["id"], song.get(_OF[query.wanted], ())) for song in songs)
    return {id for id, values in held if name in (values if isinstance(values, list) else [values])}


def _recall(wanted: set[str], ids: Sequence[str]) -> float:
    return len(wanted & set(ids[:PAGE])) / min(len(wanted), PAGE)
