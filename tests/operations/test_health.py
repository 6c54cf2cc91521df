"""Alive at once, ready when everything that a search needs is loaded."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ltrr_opensearch import assemble
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.proxy import health
from ltrr_opensearch.proxy.server import listen
from ltrr_opensearch.settings import ClusterSettings, Settings
from ltrr_opensearch.types import Vector
from tests.operations.world import Running, running, until
from tests.proxy.listening import call


class SlowToLoad:
    dimension, digest = 4, "digest"

    def encode(self, texts: Sequence[str]) -> Vector:
        return np.ones((len(texts), 4), dtype=np.float32)


def test_it_lives_while_the_encoder_loads_and_is_ready_afterwards(
    shop: Settings, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, may_go_on = threading.Event(), threading.Event()

    def load(*_settings: object) -> SlowToLoad:
        loading.set()
        assert may_go_on.wait(20)
        return SlowToLoad()

    monkeypatch.setattr(assemble, "load_encoder", load)
    with listen("127.0.0.1", 0, "admin.port") as free:
        port = free.getsockname()[1]
    settings = _dense(shop, key, tmp_path)
    seen: list[Running] = []

    def client() -> None:
        with running(settings, admin_port=port) as proxy:
            seen.append(Running(proxy.url, proxy.admin))
            assert proxy.ready["ok"]

    thread = threading.Thread(target=client)
    thread.start()
    try:
        assert loading.wait(20)
        admin = f"http://127.0.0.1:{port}"
        assert call(admin, "GET", "/_ltrr/health/live").status == 200
        ready = call(admin, "GET", "/_ltrr/health/ready")
        assert ready.status == 503
        assert ready.json["reason"].startswith("starting")
        assert not seen
    finally:
        may_go_on.set()
        thread.join(20)
    until(lambda: bool(seen))


@pytest.mark.parametrize("processes", [0, 1], ids=["starting", "started"])
async def test_a_cluster_that_is_not_there_is_named(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for url in ("http://127.0.0.1:1", f"http://127.0.0.1:{silent.getsockname()[1]}"):
            upstream = Upstream(ClusterSettings(url=url))
            await upstream.open()
            told = await health.Health(upstream, processes=lambda: processes).ready()
            await upstream.close()
            assert not told.ok
            assert f"the cluster at {url}" in told.reason
            assert told.reason.startswith("starting") is not bool(processes)


def _dense(shop: Settings, key: str, tmp_path: Path) -> Settings:
    index = {**shop.indexes[key].model_dump(exclude_none=True), "vector": {"dimension": 4, "backfill": False}}
    told = shop.model_dump(exclude_none=True)
    log = {**told["log"], "spool_dir": str(tmp_path / "spool")}
    return Settings.model_validate({**told, "log": log, "indexes": {key: index}, "encoder": {"model": "some/model"}})
