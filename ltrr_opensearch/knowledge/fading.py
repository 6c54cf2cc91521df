"""How counts age: by half each half-life."""

from __future__ import annotations

from datetime import datetime


def fading(since: datetime, until: datetime, half_life_days: float) -> float:
    """What a count of `since` is still worth at `until`, in 0..1."""
    return float(0.5 ** ((until - since).total_seconds() / 86_400 / half_life_days))
