"""What `ltrr attributes` prints of documents: as they have it."""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from ltrr_opensearch.cli.attributes import _show_some, _tell_doubts
from ltrr_opensearch.propose.doubts import Doubt
from ltrr_opensearch.propose.proposer import Proposed

ODD = ["Cable [2m]", "[/b] closing", "[red]x"]


@pytest.mark.parametrize("value", ODD)
def test_brackets_are_shown_as_they_are(value: str) -> None:
    console = Console(file=StringIO(), width=160)
    _tell_doubts(console, [Doubt(f"1 {value}", f"2 {value}", (f"3 {value}",), f"4 {value}", 0.95)])
    some: Any = SimpleNamespace(tried=lambda _: [(f"5 {value}", {f"6 {value}": [Proposed("x", f"7 {value}", 0.9)]})])
    learned: Any = None
    _show_some(console, some, learned)
    assert isinstance(console.file, StringIO)
    assert [n for n in range(1, 8) if f"{n} {value}" in console.file.getvalue()] == list(range(1, 8))
