"""Which OpenSearch a local node can be, which plugins each can have, and which Java it runs on. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ltrr_opensearch.errors import NodeError

DEFAULT = "3.6.0"
OLDEST = (2, 19)
SCHEDULER, KNN, NEURAL = "opensearch-job-scheduler", "opensearch-knn", "neural-search"
PUBLISHED = {
    "2.19.0": (SCHEDULER, KNN),
    "3.0.0": (SCHEDULER,),
    "3.1.0": (SCHEDULER,),
    "3.2.0": (),
    "3.3.0": (),
    "3.4.0": (SCHEDULER, KNN),
    "3.5.0": (),
}
"""Plugins in Maven Central for the versions that lack some there; a version not named has all three."""


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
    return PUBLISHED.get(version, (SCHEDULER, KNN, NEURAL))
