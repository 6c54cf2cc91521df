"""What a local node is told: its settings and JVM options. Pure."""

from __future__ import annotations

import json
from pathlib import Path

QUICK_START = ("-XX:-AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:-UseG1GC", "-XX:TieredStopAtLevel=1")
"""Starts sooner in less memory and runs slower: for tests, not for measuring."""

WRITES_TO_FILES = ("-Xlog:", "HeapDump", "-XX:ErrorFile", "PrintGC", "GCLog", "-Xloggc")


def opensearch_yml(name: str, folder: Path, port: int) -> str:
    """Settings of a node of its own on the loopback. JSON values are YAML values."""
    settings: dict[str, object] = {
        "cluster.name": f"ltrr-{name}",
        "node.name": name,
        "path.data": str(folder / "data"),
        "path.logs": str(folder / "logs"),
        "network.host": "127.0.0.1",
        "http.port": port,
        "discovery.type": "single-node",
        # a nearly full disk of a workstation must not make indexes read-only
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items())


def jvm_options(shipped: str) -> str:
    """The shipped options without those that write files relative to the shared, read-only home."""
    kept = [line for line in shipped.splitlines() if not any(option in line for option in WRITES_TO_FILES)]
    return "\n".join(kept) + "\n"


def java_opts(heap_mb: int, small: bool) -> str:
    heap = (f"-Xms{heap_mb}m", f"-Xmx{heap_mb}m")
    return " ".join((*heap, *QUICK_START) if small else heap)
