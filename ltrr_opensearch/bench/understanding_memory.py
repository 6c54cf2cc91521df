"""The memory (Q2E): at a million pairs, replayed in time, at a cold start, and what privacy costs.

The first week of Best Buy's clicks teaches and is not judged; what judges has taught nothing (`learning_bestbuy`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ltrr_opensearch.bench.at_once import at_once
from ltrr_opensearch.bench.bestbuy import Clicked
from ltrr_opensearch.bench.bestbuy_judged import FIRST_DAYS
from ltrr_opensearch.bench.clicked_replay import Mode, most_clicked, place_of, rrf
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.learning_bestbuy import INDEX, replayed, world
from ltrr_opensearch.bench.memory_cold import cold_start
from ltrr_opensearch.bench.memory_replay import by_memory
from ltrr_opensearch.bench.memory_scale import scale
from ltrr_opensearch.bench.recorded import Recorded, arena_stack
from ltrr_opensearch.bench.resampled import Floats, interval, mean, reciprocal
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.understand.embedding_cache import CachedEncoder, EmbeddingCache, cache_folder
from ltrr_opensearch.understand.encoders import load_encoder

USERS = (1, 3, 5, 10)
TIMES_RRF = 1.6


def measure(console: Console, quick: bool) -> list[Figure]:
    with arena_stack() as stack:
        return [*scale(console, quick), *played(console, quick, stack)]


def played(console: Console, quick: bool, stack: Stack) -> list[Figure]:
    made, clicks = world(console, quick, stack)
    _, every = (made, clicks) if not quick else world(console, False, stack)
    judging = Judging.of(made, clicks)
    figures = [*judging.alone(console), *cold(console, quick, made, every)]
    replays = [partial(replayed, made, clicks, mode, 0) for mode in Mode]
    both = at_once(console, "Best Buy, both modes", len(replays) * len(clicks), replays)
    for mode, answered in zip(Mode, both, strict=True):
        figures += judging.beside(f"memory_{mode}", reciprocal([one.rank for one in answered]), must=True)
    return figures


def cold(console: Console, quick: bool, made: Recorded, clicks: Sequence[Clicked]) -> list[Figure]:
    settings = made.settings.encoder
    with EmbeddingCache(cache_folder(settings.cache_dir)) as cache:
        return cold_start(console, quick, made, INDEX, clicks, CachedEncoder(load_encoder(settings, None), cache))


class Judging:
    """Clicks after the first week: on queries that somebody had clicked for before, and on new ones."""

    def __init__(self, made: Recorded, clicks: Sequence[Clicked], counted: Floats, fused: Floats) -> None:
        self._made, self._clicks, self._counted, self._fused = made, clicks, counted, fused
        self._users = np.unique([one.user for one in clicks], return_inverse=True)[1]
        judged = np.array([one.at >= clicks[0].at + timedelta(days=FIRST_DAYS) for one in clicks])
        new = _new(clicks)
        self._repeated, self._new = judged & ~new, judged & new

    @classmethod
    def of(cls, made: Recorded, clicks: Sequence[Clicked]) -> Judging:
        """With its peers: what was most clicked for the query, and RRF of the text strategies."""
        lists = {query: rrf(made.recording, query) for query in {normalise(one.query) for one in clicks}}
        fused = [place_of(lists[normalise(one.query)], one.product) for one in clicks]
        counted = most_clicked(clicks, normalise, made.recording)
        return cls(made, clicks, reciprocal(counted), reciprocal(fused))

    def alone(self, console: Console) -> list[Figure]:
        """The memory's own list before RRF, where a query is shared after so many people; the first is no wait."""
        figures, first = [], None
        for users in USERS:
            with bar(console, f"Memory after {users} people", len(self._clicks)) as done:
                both = by_memory(self._made, INDEX, self._clicks, users, done)
            ours = reciprocal([shared for shared, _ in both])
            if first is None:
                first = ours
                figures.append(self._own(reciprocal([own for _, own in both]) - ours))
            figures += self.beside(f"memory_alone_users_{users}", ours, must=False)
            figures += [self._price(users, ours - first, part) for part in ("repeated", "new")] if users > 1 else []
        return figures

    def beside(self, name: str, ours: Floats, *, must: bool) -> list[Figure]:
        repeated, new = self._repeated, self._new
        lead = ours - self._counted
        low, high = interval(lead[repeated], self._users[repeated])
        theirs = mean(self._fused[new])
        return [
            Figure(
                f"{name}_repeated_lead_over_most_clicked",
                low if must else mean(lead[repeated]),
                "MRR",
                ("most clicked for this query, then RRF", mean(self._counted[repeated])),
                0.0 if must else None,
                interval=(low, high),
                runs=int(repeated.sum()),
                made_with=f"ours {mean(ours[repeated]):.4f}",
            ),
            Figure(
                f"{name}_new_over_rrf",
                mean(ours[new]) / theirs,
                "x",
                ("RRF of the text strategies", 1.0),
                TIMES_RRF if must else None,
                runs=int(new.sum()),
                made_with=f"ours {mean(ours[new]):.4f}, RRF {theirs:.4f}",
            ),
        ]

    def _own(self, gain: Floats) -> Figure:
        """Where somebody asks what they asked before: what they did then first, beside the memory of all."""
        asked = set[tuple[str, str]]()
        again = []
        for one in self._clicks:
            again.append((one.user, normalise(one.query)) in asked)
            asked.add((one.user, normalise(one.query)))
        rows = np.array(again) & (self._repeated | self._new)
        told = interval(gain[rows], self._users[rows])
        made = f"{int((gain[rows] > 0).sum())} better, {int((gain[rows] < 0).sum())} worse"
        return Figure(
            "memory_own_first_where_a_person_asks_again",
            mean(gain[rows]),
            "MRR",
            ("the memory of all", 0.0),
            interval=told,
            runs=int(rows.sum()),
            made_with=made,
        )

    def _price(self, users: int, loss: Floats, part: str) -> Figure:
        rows = self._repeated if part == "repeated" else self._new
        told = interval(loss[rows], self._users[rows])
        name = f"memory_price_of_{users}_people_{part}"
        return Figure(name, mean(loss[rows]), "MRR", ("after the first", 0.0), interval=told, runs=int(rows.sum()))


def _new(clicks: Sequence[Clicked]) -> NDArray[np.bool_]:
    seen: set[str] = set()
    new = []
    for one in clicks:
        query = normalise(one.query)
        new.append(query not in seen)
        seen.add(query)
    return np.array(new)
