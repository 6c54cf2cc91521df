"""Assembling OpenSearch and its plugins: Maven unpacks them once into a folder that every node of this home shares.

The folder's name carries a digest of the POM, so a changed POM assembles anew and an interrupted run leaves nothing
that looks complete.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from ltrr_opensearch.errors import NodeError

UNNEEDED_MODULES = (
    "cache-common",
    "ingest-geoip",
    "ingest-user-agent",
    "opensearch-dashboards",
    "percolator",
    "repository-url",
    "rule-framework",
    "store-subdirectory",
)
"""Searches do not need these; without them the node starts faster and takes less memory."""


def assemble(home: Path) -> Path:
    """The OpenSearch home under `home`; assembled if it is not there yet."""
    pom = files("ltrr_opensearch.node").joinpath("pom.xml").read_text(encoding="utf-8")
    ready = home / f"opensearch-{hashlib.sha256(pom.encode()).hexdigest()[:12]}"
    with _alone(home):
        if not ready.is_dir():
            _assemble_into(ready, pom)
    return ready


def is_assembled(home: Path) -> bool:
    pom = files("ltrr_opensearch.node").joinpath("pom.xml").read_bytes()
    return (home / f"opensearch-{hashlib.sha256(pom).hexdigest()[:12]}").is_dir()


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One assembling at a time; the second waits and then finds it done."""
    with (home / "assemble.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _assemble_into(ready: Path, pom: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NodeError("mvn was not found: Apache Maven assembles the local node; install it (apt install maven)")
    with tempfile.TemporaryDirectory(prefix="assembling-", dir=ready.parent) as work:
        (Path(work) / "pom.xml").write_text(pom, encoding="utf-8")
        run = subprocess.run(
            [maven, "--batch-mode", "--quiet", "--no-transfer-progress", "package"],
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0:
            raise NodeError(f"Maven could not assemble the local node:\n{_errors(run.stdout + run.stderr)}")
        (unpacked,) = (Path(work) / "target").glob("opensearch-*")
        for module in UNNEEDED_MODULES:
            shutil.rmtree(unpacked / "modules" / module)
        _restore_permissions(unpacked)
        unpacked.rename(ready)


def _restore_permissions(unpacked: Path) -> None:
    """Unpacking loses the run bits of `bin/`; whatever the umask, the node's account must be able to read the rest."""
    for path in (unpacked, *unpacked.rglob("*")):
        runs = path.is_dir() or (path.parent.name == "bin" and path.suffix == "")
        path.chmod(0o755 if runs else 0o644)


def _errors(output: str, most: int = 8) -> str:
    lines = [line for line in output.splitlines() if line.startswith("[ERROR]")] or output.splitlines()
    return "\n".join(lines[:most])
