"""Searches of rated queries as they would be ranked: every strategy drawn to the same depth, or as a policy draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ltrr_opensearch.arena.people import START
from ltrr_opensearch.arena.replay import Replay, Replayed
from ltrr_opensearch.learn.rated import Listed
from ltrr_opensearch.types import Asker, Candidate


@dataclass(frozen=True)
class Gathered:
    """A search as it was fused, its candidates with all recorded features."""

    replayed: Replayed
    candidates: tuple[Candidate, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(c.key.id for c in self.candidates)


def searched(replay: Replay, text: str, number: int = 0, at: datetime = START, *, explore: bool = False) -> Gathered:
    """One search under the replay's policy; `number` tells searches of one query apart."""
    found = replay.search(text, f"rated {text} {number}", at, Asker(explore=explore))
    head = found.searched.ranked[: replay.limits.rank_depth]
    featured = (replace(r.candidate, features=replay.recording.features(text, r.candidate.key.id)) for r in head)
    return Gathered(found, tuple(featured))


def listed(replay: Replay, gathered: Gathered, names: Sequence[str]) -> Listed:
    found = gathered.replayed.searched
    rows = replay.serving.rows(found.query, gathered.candidates, found.results, names)
    return Listed(found.query.normalized, gathered.ids, rows)


def lists(replay: Replay, texts: Iterable[str], names: Sequence[str]) -> list[Listed]:
    """One search of each query."""
    return [listed(replay, searched(replay, text), names) for text in texts]
