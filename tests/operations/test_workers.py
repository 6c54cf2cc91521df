"""Several processes behind one port, as somebody runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ltrr_opensearch.settings import Settings
from tests.operations.world import Running, configuration_of, served, until
from tests.proxy.listening import call

BODY = {"query": {"match": {"title": "red shoes"}}, "size": 3}
Counted = dict[str, float]


def counted(proxy: Running) -> Counted:
    """Every sample by name and labels, as Prometheus reads them."""
    text = call(proxy.admin, "GET", "/_ltrr/metrics").body.decode()
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    keys = [f"{s.name}{dict(sorted(s.labels.items()))}" for s in samples]
    assert len(keys) == len(set(keys)), "a sample is told twice"
    return dict(zip(keys, (s.value for s in samples), strict=True))


def children(pid: int) -> set[int]:
    """The processes that serve; a helper of the interpreter holds no socket of ours and is none of them."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            spawned = b"multiprocessing.spawn" in (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == pid and spawned and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


@pytest.fixture
def configuration(shop: Settings, tmp_path: Path) -> Path:
    log = shop.log.model_copy(update={"spool_dir": str(tmp_path / "spool")})
    path = tmp_path / "ltrr.yml"
    path.write_text(configuration_of(shop.model_copy(update={"log": log}), workers=2))
    return path


def test_numbers_add_up_a_dead_one_is_replaced_and_a_signal_ends_all(configuration: Path, key: str) -> None:
    with served(configuration) as (process, proxy):
        assert proxy.ready["processes"] == 2
        first = children(process.pid)
        assert len(first) == 2
        assert all(proxy.search(key, BODY).status == 200 for _ in range(40))
        until(lambda: _searches(proxy, key) == 40)
        assert (configuration.parent / "spool" / "0001").is_dir(), "each process spools into a folder of its own"

        dead = min(first)
        os.kill(dead, signal.SIGKILL)
        until(lambda: len(children(process.pid) - first) == 1)
        until(lambda: proxy.ready["processes"] == 2)
        assert _searches(proxy, key) == 40, "what the dead one had counted is kept"
        assert counted(proxy)["ltrr_worker_restarts_total{}"] == 1
        assert all(_answered(proxy, key) for _ in range(20))
        until(lambda: _searches(proxy, key) == 60)

        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert not children(process.pid)


def test_searches_under_way_are_answered_when_a_signal_comes(configuration: Path, key: str) -> None:
    done: list[int] = []
    failed: list[Exception] = []

    def client(proxy: Running, stopping: threading.Event) -> Iterator[int]:
        while not stopping.is_set():
            try:
                yield proxy.search(key, BODY).status
            except (OSError, HTTPException) as error:
                if stopping.is_set() and isinstance(error, ConnectionRefusedError):
                    return  # nobody listens any more: a load balancer has gone on to the next
                failed.append(error)
                return

    with served(configuration) as (process, proxy):
        stopping = threading.Event()
        threads = [threading.Thread(target=lambda: done.extend(client(proxy, stopping))) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(threading.enumerate()) > 4)
        until(lambda: _searches(proxy, key) > 20)
        stopping.set()
        process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(10)
        assert process.wait(20) == 0
    assert not failed
    assert set(done) == {200}


def test_the_workers_end_when_nobody_is_left_to_stop_them(configuration: Path) -> None:
    with served(configuration) as (process, _):
        orphans = children(process.pid)
        assert orphans
        process.kill()
        process.wait(10)
        until(lambda: not any(Path("/proc", str(pid)).exists() for pid in orphans))


def test_one_that_cannot_start_ends_them_all_with_the_reason(configuration: Path) -> None:
    (configuration.parent / "spool").write_text("a file")
    command = [sys.executable, "-m", "ltrr_opensearch.cli.main", "--config", str(configuration), "serve"]
    got = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert got.returncode == 1
    assert "cannot be written" in got.stderr
    assert "Traceback" not in got.stderr
    assert got.stderr.endswith("Error: a worker could not start; the log says why\n")


def _answered(proxy: Running, key: str) -> bool:
    return proxy.search(key, BODY).status == 200


def _searches(proxy: Running, key: str) -> float:
    return counted(proxy).get(f"ltrr_searches_total{{'index': '{key}'}}", 0.0)
