from __future__ import annotations

import pytest

from ltrr_opensearch.errors import NodeError
from ltrr_opensearch.node.versions import checked


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("3.6", "give all three numbers"),
        ("latest", "give all three numbers"),
        ("2.18.0", "2.19.0 or newer is needed"),
        ("1.3.20", "too old"),
    ],
)
def test_what_no_node_can_be(version: str, says: str) -> None:
    with pytest.raises(NodeError, match=says):
        checked(version)


@pytest.mark.parametrize("version", ["2.19.0", "3.0.0", "3.6.0", "10.0.0"])
def test_what_one_can_be(version: str) -> None:
    assert checked(version) == version
