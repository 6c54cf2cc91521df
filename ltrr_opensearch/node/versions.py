"""Which OpenSearch a local node can be, which plugins each can have, and which Java it runs on. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ltrr_opensearch.errors import NodeError

DEFAULT = "3.6.0"
OLDEST = (2, 19)
SCHEDULER, KNN, NEURAL = "opensearch-job-scheduler", "opensearch-knn", "neural-search"
FIRST_WITH_ALL = (3, 6)
"""Before it Maven Central lacks one of the plugins, or the modules that k-NN stands on (docs/versions.md)."""


@dataclass(frozen=True, slots=True)
class JavaRange:
    """Major versions of Java, both ends included; `newest` is None where no end is known."""

    oldest: int
    newest: int | None = None

    def objection(self, major: int) -> str | None:
        if major < self.oldest:
            return "is too old"
        if self.newest is not None and major > self.newest:
            return "is too new"
        return None

    def __str__(self) -> str:
        return f"{self.oldest} or newer" if self.newest is None else f"{self.oldest} to {self.newest}"


def checked(version: str) -> str:
    """The version, where a local node can be of it."""
    found = re.fullmatch(r"(\d+)\.(\d+)\.\d+", version)
    if found is None:
        raise NodeError(f"{version!r} is no version of OpenSearch; give all three numbers, like {DEFAULT}")
    if (int(found[1]), int(found[2])) < OLDEST:
        raise NodeError(f"OpenSearch {version} is too old; 2.19.0 or newer is needed")
    return version


def java_for(version: str) -> JavaRange:
    """2.x starts with the security manager, which Java 24 no longer has; 3.x is compiled for 21."""
    return JavaRange(11, 23) if version.startswith("2.") else JavaRange(21)


def plugins_for(version: str) -> tuple[str, ...]:
    """Names of the plugins that a local node of this version gets; without `opensearch-knn` it has no vectors."""
    major, minor, _ = (int(number) for number in version.split("."))
    return (SCHEDULER, KNN, NEURAL) if (major, minor) >= FIRST_WITH_ALL else ()
