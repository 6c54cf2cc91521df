"""What is known of a node: the record in its folder, and what it answers itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from ltrr_opensearch.node.process import Process

RECORD = "node.json"
CONSOLE = Path("logs") / "console.log"


@dataclass(frozen=True, slots=True)
class RunningNode:
    url: str
    home: Path
    """The node's own folder: config, data, logs."""
    process: Process

    @property
    def pid(self) -> int:
        return self.process.pid


@dataclass(frozen=True, slots=True)
class NodeStatus:
    home: Path
    running: RunningNode | None
    version: str | None
    health: str | None
    """green, yellow or red; None where it does not run or does not answer."""
    disk_bytes: int


def write_record(node: RunningNode) -> None:
    record = {"url": node.url, "process": asdict(node.process)}
    (node.home / RECORD).write_text(json.dumps(record), encoding="utf-8")


def find(folder: Path) -> RunningNode | None:
    """The node that runs in a folder, if its recorded process still lives."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        running = RunningNode(record["url"], folder, Process(**record["process"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return running if running.process.alive() else None


def status_of(folder: Path) -> NodeStatus:
    running = find(folder)
    version = ask(running.url, "/").get("version", {}).get("number") if running else None
    return NodeStatus(folder, running, version, health(running.url) if running else None, _disk_bytes(folder))


def health(url: str) -> str | None:
    status: str | None = ask(url, "/_cluster/health").get("status")
    return status


def ask(url: str, path: str) -> dict[str, Any]:
    """A node's JSON answer; empty where it does not answer."""
    try:
        with urlopen(url + path, timeout=5) as reply:  # noqa: S310  the http URL of our own node
            answer: dict[str, Any] = json.load(reply)
    except (OSError, ValueError):
        return {}
    return answer


def _disk_bytes(folder: Path) -> int:
    """Size of a folder in which files come and go meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except FileNotFoundError:
            continue
    return total
