import gc

from ltrr_opensearch.learn import collecting


def test_cycles_are_looked_for_rarely_and_then_as_before() -> None:
    before = gc.get_threshold()
    with collecting.rarely():
        assert gc.get_threshold() == (collecting.OBJECTS, *before[1:])
    assert gc.get_threshold() == before
