"""Who does not take records at the moment, and when to try again. Pure: the time is given.

The cluster as a whole may be away, or one index may be blocked (read-only, full, closed) while others take what is
theirs. Each failure doubles the pause; a success ends it.
"""

from __future__ import annotations

CLUSTER = ""
FIRST_S, LONGEST_S = 0.2, 5.0


class Pauses:
    """Names are of indexes, or `CLUSTER`; times in seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[float, float]] = {}
        """Name -> when its pause ends, and how long the next one will be."""

    def ready(self, name: str, now: float) -> bool:
        return name not in self._until or now >= self._until[name][0]

    def failed(self, name: str, now: float) -> None:
        pause_s = self._until.get(name, (0.0, FIRST_S))[1]
        self._until[name] = (now + pause_s, min(2 * pause_s, LONGEST_S))

    def succeeded(self, name: str) -> None:
        self._until.pop(name, None)

    def knows(self, name: str) -> bool:
        """Whether its last attempt failed."""
        return name in self._until
