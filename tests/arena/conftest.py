"""A node behind a relay that sees everything that is asked, for commands that only read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.operations.recorder import Recorded, recording

READING = re.compile(r"GET /|POST /([^/]+/)?(_search|_count|_search/scroll)(\?|$)|DELETE /_search/scroll(/|$)")
"""What changes nothing in a cluster: a scroll is only its reader's place."""


@pytest.fixture
def relay(node: Any) -> Iterator[Recorded]:
    with recording(node.url) as relayed:
        yield relayed


def written(relay: Recorded) -> list[str]:
    """The requests that may have changed something."""
    asked = [f"{one.method} {one.target}" for one in relay.requests]
    return [one for one in asked if not READING.match(one)]
