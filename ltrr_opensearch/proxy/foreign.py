"""How the dialect says "not ours": one exception inside, one value outside.

Reasons are a small fixed vocabulary, never what a client sent: they label a metric.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NotOurs:
    """A request that passes through, and why."""

    reason: str


class Foreign(Exception):
    """Raised while reading a request, at the first thing that is not understood."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
