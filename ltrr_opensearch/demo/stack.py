"""What runs during the demo: the local node, our commands, the proxy. What was started is stopped again, by its id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import yaml

from ltrr_opensearch.errors import LtrrError, Unreachable
from ltrr_opensearch.node import local
from ltrr_opensearch.types import Json

NODE = "demo"
PATIENCE_S = 120.0


@dataclass
class Stack:
    """The parts of one run. `home` is where node, data and logs live; `close` stops what this run started."""

    home: Path
    name: str = "demo"
    """Of the folder for configuration and logs; the node is the same for all."""
    proxy: subprocess.Popen[bytes] | None = None
    node_started: bool = False
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))

    @property
    def folder(self) -> Path:
        path = self.home / self.name
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def config(self) -> Path:
        return self.folder / "ltrr.yml"

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    def node(self) -> str:
        """The URL of our node, started if it does not run; `OPENSEARCH_URL` names another one instead."""
        if named := os.environ.get("OPENSEARCH_URL"):
            return named
        ran = local.status(NODE, self.home).running
        self.node_started = self.node_started or ran is None
        return local.start(local.NodeOptions(name=NODE, home=self.home)).url

    def configure(self, content: Json) -> None:
        self.config.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def run(self, *arguments: str, shown: bool = False) -> None:
        """One of our commands to its end; its output is shown, or kept in a log and quoted when it fails."""
        log = self.folder / f"{arguments[0]}.log"
        with log.open("ab") as output:
            to = None if shown else output
            code = subprocess.run(self._command(arguments), stdout=to, stderr=to, check=False).returncode  # noqa: S603
        if code != 0:
            said = "" if shown else f": {_tail(log)}"
            raise LtrrError(f"ltrr {' '.join(arguments)} ended with {code}{said}")

    def serve(self) -> None:
        """Start the proxy and wait until it answers."""
        log = self.folder / "serve.log"
        with log.open("wb") as output:
            self.proxy = subprocess.Popen(  # noqa: S603  our own command
                self._command(("serve",)), stdout=output, stderr=output, start_new_session=True
            )
        give_up = time.monotonic() + PATIENCE_S
        while not _answers(f"http://127.0.0.1:{self.ports[1]}/_ltrr/health/ready"):
            if self.proxy.poll() is not None:
                raise LtrrError(f"ltrr serve ended with {self.proxy.returncode}: {_tail(log)}")
            if time.monotonic() > give_up:
                raise Unreachable(f"the proxy at {self.proxy_url} did not answer in {PATIENCE_S:.0f} s: {_tail(log)}")
            time.sleep(0.2)

    def stop_proxy(self) -> None:
        if self.proxy is None:
            return
        self.proxy.terminate()
        try:
            self.proxy.wait(20)
        except subprocess.TimeoutExpired:
            self.proxy.kill()
            self.proxy.wait()
        self.proxy = None

    def close(self) -> None:
        """Stop the proxy, and the node if this run started it."""
        try:
            self.stop_proxy()
        finally:
            if self.node_started:
                local.stop(NODE, self.home)
                self.node_started = False

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [str(Path(sys.executable).with_name("ltrr")), "--config", str(self.config), *arguments]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as reply:  # noqa: S310  our own address
            return bool(reply.status == 200)
    except (URLError, OSError):
        return False


def _tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
