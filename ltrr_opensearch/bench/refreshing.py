"""What keeping a gazetteer up to date takes after a hundredth of the documents were written, beside reading all again.

Icecat's products, each several times with an id of its own, under 25 slot fields; half of what is written is new, half
written again. Both ways read and make a gazetteer of it, in turns.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from statistics import median

from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk
from rich.console import Console

from ltrr_opensearch.bench.figures import Figure, ratio
from ltrr_opensearch.bench.recorded import arena_stack, connect_to
from ltrr_opensearch.bench.slots_world import slot_fields, typed_body
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.progress import waiting
from ltrr_opensearch.index.gazetteer import gazetteer_of
from ltrr_opensearch.index.refresh import Known, Refreshed, refreshed
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.types import Json

INDEX = "icecat-refreshed"
COPIES, QUICK_COPIES = 5, 1
TURNS = 5
WRITTEN = 0.01
SLOWEST = 0.5
"""Of the time of reading all: what would not be worth its code."""


def measure(console: Console, quick: bool) -> list[Figure]:
    index = IndexSettings.model_validate(
        {"text_fields": {"title": 1, "short_description": 1}, "slot_fields": slot_fields(), "reread_from": 1.0}
    )
    with arena_stack() as stack:
        client, products = connect_to(stack), data.load(data.find(stack.home)).products
        with waiting(console, "Copying Icecat's products"):
            _copied(client, products, QUICK_COPIES if quick else COPIES)
        try:
            with waiting(console, "Refreshing its gazetteer"):
                return _figures(*_turns(client, index, products))
        finally:
            client.indices.delete(index=INDEX)


def _copied(client: OpenSearch, products: Sequence[Json], copies: int) -> None:
    client.indices.delete(index=INDEX, ignore_unavailable=True)
    client.indices.create(index=INDEX, body=typed_body(products))
    bulk(client, (_row(p, f"{copy}-{p['id']}") for copy in range(copies) for p in products), refresh=True)


def _row(product: Json, id: str) -> Json:
    return {"_index": INDEX, "_id": id, **product}


def _turns(
    client: OpenSearch, index: IndexSettings, products: Sequence[Json]
) -> tuple[list[float], list[float], Refreshed]:
    """Seconds of reading all and of reading what was written, and the last of these."""
    found, _ = _timed(client, index, None)
    whole: list[float] = []
    further: list[float] = []
    for turn in range(TURNS):
        bulk(client, _written(products, turn, round(WRITTEN * found.documents)), refresh=True)
        found, seconds = _timed(client, index, found.known)
        further.append(seconds)
        whole.append(_timed(client, index, None)[1])
    return whole, further, found


def _written(products: Sequence[Json], turn: int, size: int) -> Iterator[Json]:
    some = [products[(turn * size + n) % len(products)] for n in range(size)]
    for n, product in enumerate(some):
        yield _row(product, f"new-{turn}-{n}" if n % 2 else f"0-{product['id']}")


def _timed(client: OpenSearch, index: IndexSettings, known: Known | None) -> tuple[Refreshed, float]:
    start = time.perf_counter()
    found = refreshed(client, INDEX, index, known)
    gazetteer_of(found.known.counted, found.documents, index).to_bytes()
    return found, time.perf_counter() - start


def _figures(whole: list[float], further: list[float], last: Refreshed) -> list[Figure]:
    said = f"{last.said}; {len(last.known.counted.values)} values"
    return [
        Figure("gazetteer read whole, seconds", median(whole), "s", higher_is_better=False, runs=TURNS),
        Figure(
            "gazetteer brought up to date, seconds",
            median(further),
            "s",
            ("whole", median(whole)),
            higher_is_better=False,
            runs=TURNS,
            made_with=said,
        ),
        ratio("gazetteer brought up to date, beside read whole", further, whole, "read whole", SLOWEST),
    ]
