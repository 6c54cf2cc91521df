"""A small shop on the node, configured and set up, and whole proxies before it: engine, log and switch included."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import yaml
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.worker import servers
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.index.setup import Setup
from ltrr_opensearch.settings import Settings
from tests.proxy.listening import Response, call, in_a_thread

COLOURS = ("red", "blue", "green")
THINGS = ("shoes", "boots", "sandals", "hats")


@dataclass(frozen=True)
class Running:
    url: str
    admin: str

    def search(self, index: str, body: Any, headers: Mapping[str, str] | None = None) -> Response:
        return call(self.url, "POST", f"/{index}/_search", orjson.dumps(body), headers)

    @property
    def ready(self) -> Any:
        return call(self.admin, "GET", "/_ltrr/health/ready").json


def products(client: OpenSearch, index: str, count: int = 120, more: Mapping[str, Any] | None = None) -> None:
    """Every combination of colour and thing, several times over; names differ by their number."""
    body: list[Any] = []
    for i in range(count):
        title = f"{COLOURS[i % 3]} {THINGS[i // 3 % 4]}"
        body += [{"index": {"_id": str(i)}}, {"title": title, "body": f"number {i}", "stock": i % 2}]
    client.indices.create(
        index=index, body={"settings": {"number_of_shards": 1, "number_of_replicas": 0, **(more or {})}}
    )
    client.bulk(index=index, body=body, params={"refresh": "true"})


def settings_for(url: str, name: str, spool: Path, **serve: Any) -> Settings:
    """Everything of ours under `name`, the shop's index under `{name}-shop`."""
    state = {"prefix": name, "ubi_queries": f"{name}-queries", "ubi_events": f"{name}-events", "secret": "secret"}
    index = {"text_fields": {"title": 2, "body": 1}, "strategies": [{"name": n, "use": n} for n in STRATEGIES]}
    return Settings.model_validate(
        {
            "cluster": {"url": url},
            "serve": {"port": 0, "poll_s": 0.2, **serve},
            "admin": {"port": 0},
            "log": {"spool_dir": str(spool), "flush_ms": 100},
            "state": state,
            "choose": {"policy": "fixed"},
            "learn": {"min_rounds": 20, "window_s": 0.1},
            "indexes": {f"{name}-shop": index},
        }
    )


STRATEGIES = ("original", "lexical", "q2e")


def configuration_of(settings: Settings, **serve: Any) -> str:
    """The settings as a configuration file."""
    told = settings.model_dump(mode="json", include={"cluster": {"url"}, "log": {"spool_dir", "flush_ms"}})
    state = {**settings.state.model_dump(mode="json"), "secret": settings.state.secret.get_secret_value()}
    more = {"serve": {"port": 0, "poll_s": 0.2, **serve}, "admin": {"port": 0}, "choose": {"policy": "fixed"}}
    indexes = {key: index.model_dump(mode="json", exclude_none=True) for key, index in settings.indexes.items()}
    return yaml.safe_dump({**told, **more, "state": state, "indexes": indexes})


@contextmanager
def served(configuration: Path) -> Iterator[tuple[subprocess.Popen[str], Running]]:
    """`ltrr serve` as a process of its own, once it is ready; killed at the end of the block."""
    command = [sys.executable, "-m", "ltrr_opensearch.cli.main", "--config", str(configuration), "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, Running(*(_address(process.stdout.readline()) for _ in range(2)))
        finally:
            process.kill()


def _address(line: str) -> str:
    found = re.search(r"http://[0-9.]+:\d+", line)
    assert found, line
    return found[0]


def set_up(settings: Settings, key: str) -> None:
    with connect(settings.cluster) as client:
        run = Setup(client, settings, key, lambda: datetime.now(UTC))
        list(run.prepare())
        list(run.publish())


@contextmanager
def running(settings: Settings, admin_port: int = 0) -> Iterator[Running]:
    """The whole proxy in a thread of its own, until the end of the block."""
    with in_a_thread(lambda: servers(settings)[0], admin_port=admin_port) as (url, beside):
        yield Running(url, beside)


def until(true: Callable[[], bool], patience_s: float = 15.0) -> None:
    """Waits for something that must come about; fails when it does not."""
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def swept(client: OpenSearch, name: str) -> None:
    """Deletes whatever a test made under its name."""
    client.indices.delete(index=f"{name}*", ignore_unavailable=True)
    for template in (f"_index_template/{name}*", f"_index_template/ltrr_{name}*", f"_component_template/{name}*"):
        client.transport.perform_request("DELETE", f"/{template}", ignore=(404,))
