"""Assembling OpenSearch and its plugins: Maven unpacks them once into a folder that every node of this home shares.

The folder's name carries the version and a digest of the POM, so a changed POM assembles anew and an interrupted run
leaves nothing that looks complete.
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
from ltrr_opensearch.node.versions import DEFAULT, plugins_for

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

PLUGIN_ITEM = """<artifactItem>
                  <groupId>org.opensearch.plugin</groupId>
                  <artifactId>{name}</artifactId>
                  <version>${{plugin.version}}</version>
                  <type>zip</type>
                  <outputDirectory>${{home}}/plugins/{name}</outputDirectory>
                </artifactItem>"""


def assemble(home: Path, version: str = DEFAULT) -> Path:
    """The home of that OpenSearch under `home`; assembled if it is not there yet."""
    pom = pom_for(version)
    ready = _folder(home, version, pom)
    with _alone(home):
        if not ready.is_dir():
            _assemble_into(ready, pom, version)
    return ready


def is_assembled(home: Path, version: str = DEFAULT) -> bool:
    return _folder(home, version, pom_for(version)).is_dir()


def pom_for(version: str) -> str:
    """The POM with the plugins that there are for this version."""
    pom = files("ltrr_opensearch.node").joinpath("pom.xml").read_text(encoding="utf-8")
    items = "\n".join(PLUGIN_ITEM.format(name=name) for name in plugins_for(version))
    return pom.replace("<!-- plugins -->", items)


def _folder(home: Path, version: str, pom: str) -> Path:
    return home / f"opensearch-{version}-{hashlib.sha256(pom.encode()).hexdigest()[:12]}"


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One assembling at a time; the second waits and then finds it done."""
    with (home / "assemble.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _assemble_into(ready: Path, pom: str, version: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NodeError("mvn was not found: Apache Maven assembles the local node; install it (apt install maven)")
    with tempfile.TemporaryDirectory(prefix="assembling-", dir=ready.parent) as work:
        (Path(work) / "pom.xml").write_text(pom, encoding="utf-8")
        run = subprocess.run(
            [maven, "--batch-mode", "--quiet", "--no-transfer-progress", f"-Dopensearch.version={version}", "package"],
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0:
            said = _errors(run.stdout + run.stderr)
            raise NodeError(f"Maven could not assemble the local node of OpenSearch {version}:\n{said}")
        (unpacked,) = (Path(work) / "target").glob("opensearch-*")
        for module in UNNEEDED_MODULES:  # not every version has them all
            shutil.rmtree(unpacked / "modules" / module, ignore_errors=True)
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
