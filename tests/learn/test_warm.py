"""What a warm start has to do."""

from ltrr_opensearch.learn.warm import Due
from ltrr_opensearch.learn.watermarks import Span
from ltrr_opensearch.logged import Part
from tests.learn.synthetic import START

POLICY = Part("policy", "shop", "1", "direct", b"", "", START)


def test_a_run_that_broke_off_is_finished_though_its_log_has_gone() -> None:
    nothing, broken_off = (
        Due((), span, "ubi_queries", {"policy": POLICY}, frozenset()) for span in (None, Span(START, START))
    )
    assert nothing.nothing
    assert not broken_off.nothing
