"""Finding a Java that the node's OpenSearch runs on: a whole JDK or JRE of a version that it takes.

Looked for where operators put it, in the order in which OpenSearch itself looks, then among the installed ones, since
the default is often older. Trimmed runtimes start the node and then fail at the first index ("Failed to build
analyzers: [thai]" without locale data), so they are refused here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltrr_opensearch.errors import NodeError
from ltrr_opensearch.node.places import Account, reachable
from ltrr_opensearch.node.versions import DEFAULT, JavaRange, java_for

NEEDED_MODULES = frozenset({"jdk.incubator.vector", "jdk.localedata"})
INSTALLED = (
    "/usr/lib/jvm/*",
    "/usr/java/*",
    "/opt/java/*",
    "/opt/jdk*",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
    "~/.asdf/installs/java/*",
    "~/.local/share/mise/installs/java/*",
)


@dataclass(frozen=True, slots=True)
class Java:
    """A Java home, with its major version and the modules it has."""

    home: Path
    major: int
    modules: frozenset[str]

    def objection(self, account: Account, allowed: JavaRange) -> str | None:
        """Why this one does not do; None if it does."""
        if age := allowed.objection(self.major):
            return f"version {self.major} {age}"
        if lacking := NEEDED_MODULES - self.modules:
            return f"version {self.major}, a trimmed runtime that lacks {', '.join(sorted(lacking))}"
        if not reachable(self.home / "bin" / "java", account):
            return f"version {self.major}, but user {account.name}, who runs the node, cannot reach it"
        return None


def find_java(environ: Mapping[str, str], account: Account, version: str = DEFAULT) -> Java:
    """The first Java that does for this OpenSearch; those named by the environment come before those installed."""
    allowed = java_for(version)
    found = []
    for home in candidate_homes(environ, INSTALLED):
        java = inspect(home)
        if java is None:
            found.append(f"{home}: no working bin/java")
        elif objection := java.objection(account, allowed):
            found.append(f"{home}: {objection}")
        else:
            return java
    raise NodeError(_nothing_found(found, version, allowed))


def candidate_homes(environ: Mapping[str, str], installed: Sequence[str]) -> list[Path]:
    """Java homes to try, best first, each once however many names it has."""
    named = [Path(environ[key]) for key in ("OPENSEARCH_JAVA_HOME", "JAVA_HOME") if environ.get(key)]
    on_path = shutil.which("java", path=environ.get("PATH"))
    if on_path:
        named.append(Path(on_path).resolve().parent.parent)
    homes = [*named, *sorted(_expand(installed), reverse=True)]
    return list({home.resolve(): home.resolve() for home in homes})


def _expand(patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        whole = Path(pattern).expanduser()
        yield from (home for home in whole.parent.glob(whole.name) if (home / "bin" / "java").is_file())


def inspect(home: Path) -> Java | None:
    """Ask a Java for its modules, which also tell its version."""
    try:
        run = subprocess.run(
            [str(home / "bin" / "java"), "--list-modules"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return _too_old_to_list(home)
    modules = dict(line.split("@", 1) for line in run.stdout.split() if "@" in line)
    version = re.match(r"\d+", modules.get("java.base", ""))
    return Java(home, int(version[0]), frozenset(modules)) if version else None


def _too_old_to_list(home: Path) -> Java | None:
    """Java 8 has no modules; its `release` file says so."""
    try:
        release = (home / "release").read_text(encoding="utf-8")
    except OSError:
        return None
    version = re.search(r'JAVA_VERSION="1\.(\d+)', release)
    return Java(home, int(version[1]), frozenset()) if version else None


def _nothing_found(found: Sequence[str], version: str, allowed: JavaRange) -> str:
    listing = "".join(f"\n  {line}" for line in found) or "\n  (none)"
    return (
        f"no JDK for the local node: OpenSearch {version} needs a whole JDK of {allowed}. Found:{listing}\n"
        "Install one (for example Temurin 21), or set OPENSEARCH_JAVA_HOME to its folder."
    )
