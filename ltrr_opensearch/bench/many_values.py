"""A gazetteer of a million made-up values: what a query's understanding takes with it, and what it takes itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.distribution import Distribution
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.types import Asker, SearchRequest
from ltrr_opensearch.understand.analyze import analyze
from ltrr_opensearch.understand.recognise import SlotFields

VALUES = 1_000_000
WORDS = 400_000
"""Distinct words that the values are made of, a few of them in most, as in titles and names."""
FIELDS = tuple(f"field{i}" for i in range(8))
INDEX = IndexSettings(
    text_fields={"title": 1},
    slot_fields=(*FIELDS, {"field": "price", "unit": "eur"}, {"field": "size", "unit": "inch"}, "made"),
)
KINDS = {"price": "number", "size": "number", "made": "date"}
NUMBERS = {
    "price": Distribution.of(900_000, np.geomspace(1, 5000, 11).tolist(), {}),
    "size": Distribution.of(300_000, np.linspace(3, 65, 11).tolist(), {float(n): 500 for n in range(3, 66)}),
    "made": Distribution.of(900_000, np.linspace(1e12, 1.7e12, 11).tolist(), {}),
}
QUERIES = 4000
_LETTERS = np.array(list("aaabcddeeeefghiiijklmnnooprrssttuvwz"))


@dataclass(frozen=True)
class Many:
    rows: list[tuple[str, str, int]]
    words: list[str]


def many_values(count: int, seed: int = 0) -> Many:
    """Values of one to four words, the words drawn by Zipf's law; counts as skewed."""
    chance = np.random.default_rng(seed)
    lengths = chance.integers(3, 12, WORDS)
    letters = chance.choice(_LETTERS, size=int(lengths.sum()))
    words = ["".join(part) for part in np.split(letters, np.cumsum(lengths)[:-1])]
    sizes = chance.choice([1, 2, 3, 4], p=[0.2, 0.4, 0.3, 0.1], size=count)
    drawn = np.minimum(WORDS * chance.random(int(sizes.sum())) ** 3, WORDS - 1).astype(int)
    parts = np.split(drawn, np.cumsum(sizes)[:-1])
    counts = chance.zipf(1.5, count).clip(1, 100_000)
    fields = chance.integers(0, len(FIELDS), count)
    rows = [
        (FIELDS[f], " ".join(words[w] for w in part), int(n) + 1)
        for f, part, n in zip(fields, parts, counts, strict=True)
    ]
    return Many(rows, words)


def queries(many: Many, count: int, seed: int = 1) -> Iterator[str]:
    """A value or a part of one, every other mistyped, with a number, a negation, or words that nobody knows."""
    chance = np.random.default_rng(seed)
    for _ in range(count):
        value = many.rows[int(chance.integers(len(many.rows)))][1]
        if chance.random() < 0.5:
            value = _mistyped(value, chance)
        extra = chance.choice(["", "under 500 eur", "17 inch", "newer than 2015", "without " + many.words[7]])
        unknown = "".join(chance.choice(_LETTERS, size=9)) if chance.random() < 0.3 else ""
        yield " ".join(part for part in (unknown, value, str(extra)) if part)


def _mistyped(value: str, chance: np.random.Generator) -> str:
    at = int(chance.integers(len(value)))
    return value[:at] + str(chance.choice(_LETTERS)) + value[at + int(chance.integers(2)) :]


def gazetteer_of(many: Many) -> Gazetteer:
    """As one that was read from an index whose documents say the commoner words."""
    said = Mentions(words=dict.fromkeys(many.words[:100000], 5))
    return Gazetteer.from_values(many.rows, 2 * len(many.rows), said, KINDS, NUMBERS)


def measure_many(say: Callable[[str], None], count: int) -> list[Figure]:
    many = many_values(count)
    say(f"Building a gazetteer of {count} values")
    began = time.perf_counter()
    built = gazetteer_of(many)
    made_s = time.perf_counter() - began
    data = built.to_bytes()
    began = time.perf_counter()
    loaded = Gazetteer.from_bytes(data)
    load_s = time.perf_counter() - began
    say("Understanding queries with it")
    times = understanding_ms(Knowledge(gazetteer=loaded), list(queries(many, QUERIES)))
    made_with = f"{count} values of {len(loaded.words.trie)} words; processor time, {QUERIES} queries"
    name = "understanding a query, million values"
    late = float(np.quantile(times, 0.99))
    return [
        Figure(f"{name}: p99", late, "ms", None, 3.0, False, runs=len(times), made_with=made_with),
        Figure(f"{name}: median", float(np.median(times)), "ms", None, None, False, runs=len(times)),
        Figure("gazetteer in memory", loaded.nbytes / 1e6, "MB", None, 250.0, False, made_with=made_with),
        Figure("gazetteer as published", len(data) / 1e6, "MB", None, None, False),
        Figure("gazetteer: loading", load_s, "s", None, None, False),
        Figure("gazetteer: building from counted values", made_s, "s", None, None, False),
    ]


def understanding_ms(knowledge: Knowledge, texts: list[str], index: IndexSettings = INDEX) -> list[float]:
    """Processor time of each query's analysis, after some to warm up."""
    at, fields = datetime(2026, 1, 1, tzinfo=UTC), SlotFields.of(index, knowledge.gazetteer)
    times = []
    first = texts[:200]
    for text in [*first, *texts]:
        request = SearchRequest("q", "i", text, {}, (), (), (), 10, 0, Asker(), None, at)
        began = time.process_time()
        analyze(request, knowledge, index, fields)
        times.append((time.process_time() - began) * 1000)
    return times[len(first) :]
