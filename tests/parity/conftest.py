"""One shop and one proxy for all scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from tests.parity import world as worlds
from tests.parity.world import World


@pytest.fixture(scope="session")
def world(node: Any, client: OpenSearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    prefix, folder = f"test_{uuid4().hex[:8]}", tmp_path_factory.mktemp("parity")
    names = {name: f"{prefix}_cat_{name}" for name in ("shop", "outlet", "deals", "news")}
    names |= {name: f"{prefix}_{name}" for name in ("strict", "flawed", "raw", "state")}
    names |= {"patterned": f"{prefix}_cat_*", "wide": f"{prefix}_*w*"}
    try:
        worlds.make_indexes(client, names)
        settings = worlds.configuration(node.url, names, folder / "spool")
        worlds.publish(client, settings)
        with worlds.serving(settings, folder) as (proxy, admin):
            yield World(node.url, proxy, admin, names)
    finally:
        client.indices.delete_data_stream(name=names["news"], ignore=404)
        client.indices.delete_index_template(name=names["news"], ignore=404)
        client.indices.delete(index=f"{prefix}*,ubi_{prefix}*", ignore_unavailable=True)
