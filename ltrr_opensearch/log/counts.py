"""What became of our records, since the start."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    written: int = 0
    """Taken by the cluster at once."""
    spooled: int = 0
    replayed: int = 0
    """Taken by the cluster from the disk."""
    twins: int = 0
    """Of the written and replayed: already there under their id, as what is sent twice is."""
    refused: int = 0
    """Refused by the cluster for good, kept in the spool folder's `refused.ndjson`."""
    dropped: int = 0
    """Found no room, in memory or on disk."""
    damaged: int = 0
    """Unreadable lines of the spool, left out."""
    failed: Counter[str] = field(default_factory=Counter)
    """Attempts that failed, by reason."""
