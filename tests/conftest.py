"""What all tests share: one real node for each process of a run, whose absence is a failure and never a skip.

`LTRR_TEST_NODE` names a running node to use instead of starting one; `LTRR_TEST_OPENSEARCH` (`scripts/test --opensearch
VERSION`) the version of the one to start. `LTRR_LTR_URL` (`scripts/test --ltr URL`) names a
cluster with the LTR plugin; without it tests marked `ltr` are left out, which the last lines of the run say.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples
from opensearchpy import OpenSearch

from ltrr_opensearch.node.local import NodeOptions, node_folder, remove, start
from ltrr_opensearch.node.versions import DEFAULT

HOME = Path(os.environ.get("LTRR_HOME") or Path(__file__).parents[1] / ".ltrr")
PREFIX = "test-"
VERSION = os.environ.get("LTRR_TEST_OPENSEARCH") or DEFAULT
PORT = 19_200 + 20 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Where the node's search for free ports begins: apart, since two that look at once find the same."""

examples.register_profile("ltrr", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("ltrr")
"""No test fails for the time that an example took: the machine may be busy."""

LTR_URL = os.environ.get("LTRR_LTR_URL", "").rstrip("/")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if not LTR_URL and item.get_closest_marker("ltr")]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if any(item.get_closest_marker("ltr") for item in terminalreporter.stats.get("deselected", ())) and not LTR_URL:
        terminalreporter.write_line(
            "Left out: tests on a cluster with the LTR plugin; scripts/test --ltr URL runs them."
        )


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
        options = NodeOptions(name=name, home=HOME, port=PORT, version=VERSION, heap_mb=384, small=True)
        yield TestNode(start(options).url)
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


@pytest.fixture(scope="session")
def ltr_url() -> str:
    """A cluster with the LTR plugin, for tests marked `ltr`."""
    return LTR_URL


@pytest.fixture(scope="session")
def ltr_client(ltr_url: str) -> Iterator[OpenSearch]:
    with OpenSearch(ltr_url, timeout=60) as administrator:
        yield administrator


@pytest.fixture
def index_name(client: OpenSearch) -> Iterator[str]:
    """A name that nobody else uses; whatever is made under it, or under it and a suffix, is deleted."""
    yield from _name_on(client)


@pytest.fixture
def ltr_index_name(ltr_client: OpenSearch) -> Iterator[str]:
    """Such a name on the cluster with the LTR plugin."""
    yield from _name_on(ltr_client)


def _name_on(client: OpenSearch) -> Iterator[str]:
    name = f"test_{uuid4().hex[:12]}"
    yield name
    client.indices.delete(index=f"{name}*", ignore_unavailable=True)
