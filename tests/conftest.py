"""What all tests share: one real node for the whole run, whose absence is a failure and never a skip.

`LTRR_TEST_NODE` names a running node to use instead of starting one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.node.local import NodeOptions, node_folder, remove, start

HOME = Path(os.environ.get("LTRR_HOME") or Path(__file__).parents[1] / ".ltrr")
PREFIX = "test-"


@dataclass(frozen=True)
class TestNode:
    """A node that answers at `url`."""

    __test__ = False
    url: str


@pytest.fixture(scope="session")
def node() -> Iterator[TestNode]:
    if url := os.environ.get("LTRR_TEST_NODE"):
        yield TestNode(url.rstrip("/"))
        return
    _remove_abandoned()
    name = f"{PREFIX}{os.getpid()}"
    try:
        yield TestNode(start(NodeOptions(name=name, home=HOME, port=19_200, heap_mb=384, small=True)).url)
    finally:
        remove(name, HOME)


def _remove_abandoned() -> None:
    """Nodes of runs that were killed before they could clean up."""
    for folder in node_folder(PREFIX + "any", HOME).parent.glob(PREFIX + "*"):
        owner = folder.name.removeprefix(PREFIX)
        if owner.isdigit() and not Path("/proc", owner).exists():
            remove(folder.name, HOME)


@pytest.fixture(scope="session")
def client(node: TestNode) -> Iterator[OpenSearch]:
    with OpenSearch(node.url, timeout=60) as administrator:
        yield administrator


@pytest.fixture
def index_name(client: OpenSearch) -> Iterator[str]:
    """A name that nobody else uses; whatever is made under it, or under it and a suffix, is deleted."""
    name = f"test_{uuid4().hex[:12]}"
    yield name
    client.indices.delete(index=f"{name}*", ignore_unavailable=True)
