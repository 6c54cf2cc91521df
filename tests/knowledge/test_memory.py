from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.columns import pack_columns, unpack_columns
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.types import EntityScore, Vector

X, Y = EntityScore("x", 0.9), EntityScore("y", 0.4, predicted=True)


def _axis(*values: float) -> Vector:
    return np.array(values, dtype=np.float32)


ROWS = [
    MemoryRow("laptop bag", (X, Y), _axis(1, 0, 0)),
    MemoryRow("wireless headphones", (Y,), _axis(0, 1, 0)),
    MemoryRow("usb hub", (X,)),
]


def _queries(memory: Memory, text: str, vector: Vector | None = None) -> dict[str, float]:
    return {r.query: r.similarity for r in memory.near(text, vector)}


def test_the_same_query_comes_first_with_similarity_one() -> None:
    (best, *_) = Memory.from_rows(ROWS).near("laptop bag", None)
    assert (best.query, best.similarity, best.entities) == ("laptop bag", 1.0, (X, Y))


def test_order_and_plural_of_words_hardly_matter() -> None:
    assert _queries(Memory.from_rows(ROWS), "bags laptop") == {"laptop bag": 0.98}


def test_a_misspelled_query_is_found_by_its_trigrams() -> None:
    near = _queries(Memory.from_rows(ROWS), "wireles headphone")
    assert set(near) == {"wireless headphones"}
    assert 0.3 <= near["wireless headphones"] < 0.98


def test_a_paraphrase_is_found_by_its_embedding() -> None:
    memory = Memory.from_rows(ROWS)
    assert _queries(memory, "notebook sleeve") == {}
    assert _queries(memory, "notebook sleeve", _axis(8, 6, 0)) == pytest.approx(
        {"laptop bag": 0.8, "wireless headphones": 0.6}
    )


def test_what_has_no_embedding_or_another_length_is_found_by_spelling_only() -> None:
    memory = Memory.from_rows(ROWS)
    assert (len(memory), memory.embedded) == (3, 2)
    assert _queries(memory, "usb hubs", _axis(0, 0, 1, 0)) == {"usb hub": 0.98}


def test_look_ups_are_kept_apart_by_text_vector_and_limit_and_only_the_last_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ltrr_opensearch.knowledge.memory.KEPT_LOOK_UPS", 2)
    memory = Memory.from_rows(ROWS)
    first = memory.near("notebook sleeve", _axis(8, 6, 0))
    assert memory.near("notebook sleeve", _axis(8, 6, 0)) is first
    assert memory.near("notebook sleeve", _axis(8, 6, 0), limit=1) == first[:1]
    assert memory.near("notebook sleeve", None) == ()
    again = memory.near("notebook sleeve", _axis(8, 6, 0))
    assert (again == first, again is first) == (True, False)


def test_empty() -> None:
    memory = Memory.from_rows(())
    assert (len(memory), memory.near("x", None), memory.near("x", _axis(1, 0))) == (0, (), ())
    assert len(Memory.from_bytes(memory.to_bytes())) == 0


def test_vectors_of_different_lengths_are_refused() -> None:
    with pytest.raises(ModelError, match=r"\[2, 3\]"):
        Memory.from_rows([MemoryRow("a", (), _axis(1, 0)), MemoryRow("b", (), _axis(1, 0, 0))])


_entities = st.lists(st.builds(EntityScore, st.text(max_size=5), st.floats(0, 1), st.booleans()), max_size=3).map(tuple)
_vectors = st.none() | st.lists(st.floats(-1, 1, width=16), min_size=3, max_size=3).map(lambda v: _axis(*v))
_memory_rows = st.lists(st.builds(MemoryRow, st.text("ab c", max_size=12), _entities, _vectors), max_size=12)


@given(_memory_rows, st.text("ab c", max_size=12), _vectors)
def test_near_is_ordered_bounded_and_survives_bytes(rows: list[MemoryRow], text: str, vector: Vector | None) -> None:
    memory = Memory.from_rows(rows)
    near = memory.near(text, vector, limit=4)
    similarities = [r.similarity for r in near]
    assert len(near) <= 4
    assert similarities == sorted(similarities, reverse=True)
    assert all(0 < s <= 1 for s in similarities)
    assert [r.query for r in near if r.similarity == 1.0] == [r.query for r in near if r.query == text]
    copy = Memory.from_bytes(memory.to_bytes()).near(text, None, limit=4)
    assert [r.query for r in copy] == [r.query for r in memory.near(text, None, limit=4)]


@given(st.data())
def test_any_damage_is_noticed(data: st.DataObject) -> None:
    whole = Memory.from_rows(ROWS).to_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    with pytest.raises(ModelError):
        Memory.from_bytes(broken)
    with pytest.raises(ModelError):
        Memory.from_bytes(whole[:at])


def _damaged(name: str, change: Callable[[NDArray[Any]], NDArray[Any]]) -> bytes:
    head, columns = unpack_columns(b"LTRRMEM2", Memory.from_rows(ROWS).to_bytes())
    return pack_columns(b"LTRRMEM2", head, {**columns, name: change(columns[name])})


_CUT, _BEYOND = (lambda c: c[:-1]), (lambda c: c + 50)
_FITTED = ("query_places", "by_words", "starts", "steps", "entity_places", "entity_counts", "entity_which", "embedded")


@pytest.mark.parametrize("name", [*_FITTED, "word_places", "word_counts", "word_which"])
@pytest.mark.parametrize("change", [_CUT, _BEYOND])
def test_columns_that_do_not_fit_are_refused(name: str, change: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    with pytest.raises(ModelError):
        Memory.from_bytes(_damaged(name, change))


@pytest.mark.parametrize("head", [{}, {"transfer": [0.5]}, {"transfer": "x"}, None])
def test_a_head_that_says_too_little_is_refused(head: dict[str, object] | None) -> None:
    _, columns = unpack_columns(b"LTRRMEM2", Memory.from_rows(ROWS).to_bytes())
    with pytest.raises(ModelError):
        Memory.from_bytes(pack_columns(b"LTRRMEM2", head, columns))
    with pytest.raises(ModelError, match="missing"):
        Memory.from_bytes(pack_columns(b"LTRRMEM2", {"transfer": [0.0] * 8}, {}))
