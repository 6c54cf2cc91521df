import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.types import SlotValue
from ltrr_opensearch.understand.readings import readings


def test_ambiguous_words_become_competing_readings() -> None:
    slots = [SlotValue("colour", "Black", 0, 1, 0.6), SlotValue("ink", "Black", 0, 1, 0.3)]
    found = readings(("black", "toner"), slots)
    assert [(tuple(s.field for s in r.slots), r.residual) for r in found] == [
        (("colour",), "toner"),
        (("ink",), "toner"),
        ((), "black toner"),
    ]
    assert [r.likelihood for r in found] == pytest.approx([0.6, 0.3, 0.1])


def test_a_longer_sure_stretch_beats_its_parts() -> None:
    slots = [SlotValue("brand", "Tripp Lite", 0, 2, 0.95), SlotValue("series", "Lite", 1, 2, 0.5)]
    best, *_ = readings(("tripp", "lite"), slots)
    assert [s.value for s in best.slots] == ["Tripp Lite"]
    assert best.likelihood > 0.9


def test_the_empty_reading_is_kept_although_others_are_likelier() -> None:
    slots = [SlotValue(f"f{i}", "x", 0, 1, 0.12) for i in range(8)]
    found = readings(("x", "y"), slots, limit=3)
    assert len(found) == 3
    assert found[-1].slots == ()


def test_nothing_to_read() -> None:
    assert readings((), ()) == ()
    (only,) = readings(("laptop", "bag"), ())
    assert (only.slots, only.residual, only.likelihood) == ((), "laptop bag", 1.0)


@st.composite
def _matches(draw: st.DrawFn) -> tuple[tuple[str, ...], list[SlotValue]]:
    length = draw(st.integers(1, 8))
    slots = []
    for start in range(length):
        for end in range(start + 1, min(start + 3, length) + 1):
            for n, share in enumerate(draw(st.lists(st.floats(0, 0.3), max_size=3))):
                slots.append(SlotValue(f"f{n}", f"{start}-{end}", start, end, share))
    return tuple(f"t{i}" for i in range(length)), slots


@given(_matches())
def test_readings_are_a_sub_distribution_over_disjoint_slots(case: tuple[tuple[str, ...], list[SlotValue]]) -> None:
    tokens, slots = case
    found = readings(tokens, slots)
    assert sum(r.likelihood for r in found) <= 1 + 1e-9
    assert [r.likelihood for r in found] == sorted((r.likelihood for r in found), reverse=True)
    assert sum(r.slots == () for r in found) == 1
    for reading in found:
        covered = [i for s in reading.slots for i in range(s.start, s.end)]
        assert len(covered) == len(set(covered))
        assert set(reading.residual.split()) == {t for i, t in enumerate(tokens) if i not in covered}
