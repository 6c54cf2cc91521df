"""The packed memory beside the plainest there could be: the same neighbours, scores and order where it is small."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.knowledge import trigrams
from ltrr_opensearch.knowledge.memory import LEAST_COSINE, LEAST_SPELLING, NOT_SAME, SAME_WORDS, Memory, MemoryRow
from ltrr_opensearch.knowledge.strings import Strings
from ltrr_opensearch.knowledge.trigrams import Trigrams
from ltrr_opensearch.normalise import fold
from ltrr_opensearch.types import EntityScore, Vector

Near = list[tuple[str, float, tuple[EntityScore, ...]]]


def grams(text: str) -> set[str]:
    padded = f" {text} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def words(text: str) -> set[str]:
    return {fold(token) for token in text.split()}


def jaccard(one: str, other: str) -> float:
    shared = len(grams(one) & grams(other))
    return shared / (len(grams(one)) + len(grams(other)) - shared) if shared else 0.0


def cosine(one: Vector, other: Vector) -> float:
    norms = max(float(np.linalg.norm(one)), 1e-12) * max(float(np.linalg.norm(other)), 1e-12)
    return float(one @ other) / norms


def plainly(rows: Sequence[MemoryRow], text: str, vector: Vector | None, limit: int) -> Near:
    found = []
    for row in {row.query: row for row in rows}.values():
        spelling = jaccard(text, row.query)
        meaning = cosine(vector, row.vector) if vector is not None and row.vector is not None else 0.0
        best = min(
            max(spelling if spelling >= LEAST_SPELLING else 0.0, meaning if meaning >= LEAST_COSINE else 0.0), NOT_SAME
        )
        if words(text) == words(row.query):
            best = SAME_WORDS
        if text == row.query:
            best = 1.0
        if best > 0:
            found.append((row.query, best, row.entities))
    return sorted(found, key=lambda one: (-one[1], one[0]))[:limit]


def told(memory: Memory, text: str, vector: Vector | None, limit: int) -> Near:
    return [(r.query, r.similarity, r.entities) for r in memory.near(text, vector, limit)]


_text = st.lists(st.sampled_from(["ab", "abs", "abc", "bca", "xé", "c1", "halos", "halo", "a"]), max_size=4).map(
    " ".join
)
_entities = st.lists(
    st.builds(EntityScore, st.sampled_from("xyzü"), st.integers(1, 10**6).map(lambda n: n / 10**6), st.booleans()),
    max_size=3,
    unique_by=lambda e: e.id,
).map(tuple)
_quarter = st.sampled_from([-1.0, 0.0, 0.5, 1.0])
_vector = st.none() | st.lists(_quarter, min_size=2, max_size=2).filter(any).map(lambda v: np.array(v, np.float32))
_axis = st.sampled_from([None, *np.eye(2, dtype=np.float32), *-np.eye(2, dtype=np.float32)])
"""Half precision, which bytes keep, loses nothing of these."""
_rows = st.lists(st.builds(MemoryRow, _text, _entities, _axis), max_size=25)


@given(_rows, _text, _vector, st.integers(1, 30))
def test_neighbours_are_those_of_the_plainest_memory(
    rows: list[MemoryRow], text: str, vector: Vector | None, limit: int
) -> None:
    memory, expected = Memory.from_rows(rows), plainly(rows, text, vector, limit)
    for one in (memory, Memory.from_bytes(memory.to_bytes())):
        near = told(one, text, vector, limit)
        assert [(q, e) for q, _, e in near] == [(q, e) for q, _, e in expected]
        assert [s for _, s, _ in near] == pytest.approx([s for _, s, _ in expected], abs=1e-6)


@given(_rows, _text)
def test_words_are_those_of_the_plainest_memory(rows: list[MemoryRow], text: str) -> None:
    last = list({row.query: row for row in rows}.values())
    expected: dict[str, float] = {}
    weights = {w: np.log(1 + len(last) / (1 + sum(w in words(r.query) for r in last))) for w in words(text)}
    for word, weight in weights.items():
        holding = [row for row in last if word in words(row.query)]
        for entity in [e for row in holding for e in row.entities if not e.predicted]:
            share = entity.score / (len(holding) + 1)
            expected[entity.id] = expected.get(entity.id, 0.0) + weight * share / sum(weights.values())
    for memory in (whole := Memory.from_rows(rows), Memory.from_bytes(whole.to_bytes())):
        assert memory.words.worked(text.split()) == pytest.approx(expected, rel=1e-5)


@given(st.lists(_text, max_size=40), _text)
def test_a_budget_that_is_too_small_invents_nothing(texts: list[str], text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trigrams, "POSTINGS", 3)
        patch.setattr(trigrams, "COMPARED", 2)
        patch.setattr(trigrams, "WEIGHED", 4)
        held = Strings.of(texts)
        for row, similarity in Trigrams.of(held).alike(text, 0.3, 1.0, 10):
            assert similarity == jaccard(text, held[row]) >= 0.3


def test_a_typo_is_found_within_a_budget_by_its_rare_trigrams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trigrams, "POSTINGS", 40)
    monkeypatch.setattr(trigrams, "COMPARED", 5)
    held = Strings.of([f"{a}{b} common words" for a in "abcdefgh" for b in "klmnopq"] + ["quixotic common words"])
    ((row, similarity), *_) = Trigrams.of(held).alike("quixotik common words", 0.3, 0.97, 3)
    assert held[row] == "quixotic common words"
    assert similarity == jaccard("quixotik common words", "quixotic common words")
