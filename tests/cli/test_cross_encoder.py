"""What `ltrr cross-encoder` compares: the client's own list, as it is and by the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ltrr_opensearch.cli.cross_encoder import judged, listed
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.learn.cross_encoder import Graded

TEXTS = {"1": "first", "2": "second", "9": "never found"}


def by_length(pairs: Sequence[tuple[str, str]], **_: Any) -> list[float]:
    """A model that likes long texts."""
    return [float(len(text)) for _, text in pairs]


def test_a_good_document_that_the_own_query_never_found_teaches_and_does_not_judge() -> None:
    found = listed("q", ["1", "2", "gone"], {"9": 4.0, "2": 2.0, "absent": 8.0}, TEXTS)
    assert found is not None
    assert found.own == Graded("q", ("first", "second"), (0.0, 1.5))
    assert found.whole == Graded("q", ("first", "second", "never found"), (0.0, 1.5, 3.0))


@pytest.mark.parametrize("grades", [{}, {"1": 0.0, "2": -1.0}, {"absent": 3.0}])
def test_a_query_without_a_good_document_is_left_out(grades: dict[str, float]) -> None:
    assert listed("q", ["1", "2"], grades, TEXTS) is None


def test_the_own_order_is_compared_with_the_models() -> None:
    better = Graded("q", ("a", "long"), (0.0, 3.0))
    worse = Graded("q", ("a", "long", "longer"), (3.0, 0.0, 0.0))
    nothing = Graded("q", ("a", "long"), (0.0, 0.0))
    second, third = 1 / np.log2(3), 1 / np.log2(4)
    found = judged(by_length, [better, nothing], 20)
    assert found.queries == 1
    assert [found.before, found.after] == pytest.approx([second, 1.0])
    found = judged(by_length, [better, worse], 20)
    assert found.queries == 2
    assert [found.before, found.after] == pytest.approx([(second + 1) / 2, (1 + third) / 2])


def test_lists_without_a_good_document_judge_nothing() -> None:
    with pytest.raises(DataError, match="judged good"):
        judged(by_length, [Graded("q", ("a",), (0.0,))], 20)
