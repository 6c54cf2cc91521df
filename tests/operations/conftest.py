from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.settings import Settings
from tests.operations.world import products, set_up, settings_for, swept


@pytest.fixture(scope="module")
def shop(node: Any, client: OpenSearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of a shop that is loaded and set up; its index is the only one configured."""
    name = f"f_{uuid4().hex[:8]}"
    settings = settings_for(node.url, name, tmp_path_factory.mktemp("spool"))
    products(client, f"{name}-shop")
    set_up(settings, f"{name}-shop")
    yield settings
    swept(client, name)


@pytest.fixture
def key(shop: Settings) -> str:
    """The shop's index."""
    return next(iter(shop.indexes))


@pytest.fixture
def name(client: OpenSearch) -> Iterator[str]:
    """A prefix of one's own for whatever a test makes."""
    name = f"f_{uuid4().hex[:8]}"
    yield name
    swept(client, name)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"
