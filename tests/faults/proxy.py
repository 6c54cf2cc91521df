"""A real `ltrr serve` process, and how a client talks to it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from ltrr_opensearch.types import Json
from tests.proxy.listening import Response, call

LTRR = [sys.executable, "-m", "ltrr_opensearch.cli.main"]


@dataclass(frozen=True)
class Proxy:
    url: str
    admin: str
    process: subprocess.Popen[str]
    errors: Path
    """What it wrote to its standard error."""

    def search(self, index: str, body: Json, **headers: str) -> Response:
        target = f"/{index}/_search"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(self.url, "POST", target, orjson.dumps(body), named)

    def post(self, events: Sequence[Json]) -> Response:
        return call(self.url, "POST", "/_ltrr/events", orjson.dumps(events))

    def metric(self, name: str) -> float:
        """A counter's sum over the labels that begin as `name` does, like `ltrr_plans_total{outcome="ok"`."""
        lines = call(self.admin, "GET", "/_ltrr/metrics").body.decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def ready(self) -> Response:
        return call(self.admin, "GET", "/_ltrr/health/ready")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(45)

    @property
    def said(self) -> str:
        return self.errors.read_text()


@contextmanager
def serving(configuration: Path, before: Callable[[], None] | None = None) -> Iterator[Proxy]:
    """`before` runs in the new process before it becomes the proxy."""
    command = [*LTRR, "--config", str(configuration), "serve", "--port", "0", "--admin-port", "0"]
    errors = configuration.with_suffix(".err")
    with (
        errors.open("a") as err,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, text=True, preexec_fn=before) as process,  # noqa: PLW1509 nothing else runs in this process at that moment
    ):
        assert process.stdout is not None
        try:
            addresses = [_address(process.stdout.readline(), errors) for _ in range(2)]
            yield Proxy(addresses[0], addresses[1], process, errors)
        finally:
            process.kill()


def _address(line: str, errors: Path) -> str:
    found = re.search(r"https?://[0-9.]+:\d+", line)
    assert found, line + errors.read_text()
    return found[0]
