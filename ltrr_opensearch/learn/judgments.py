"""Clicks to judgments: how attractive each document was for each query, had people looked at it.

The position-based model: a person acts on what is shown at position k if they examine k (probability `examination`,
the same for every search) and find the document attractive for the query. Both are estimated from the log by
expectation maximisation, starting from clicks over expected clicks (COEC), with priors that carry what was seldom
seen. Exploration moves documents between positions, which is what tells the two apart; without it the prior decides.
Chuklin, Markov and de Rijke, Click Models for Web Search (2015), chapters 3 and 4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.learn import reward
from ltrr_opensearch.logged import Judgment, Round

PRIOR_EXAMINED = 1.0
"""Examined impressions that the prior on attractiveness is worth."""
PRIOR_POSITION = 20.0
"""Impressions of attractive documents that the prior on a position (1 / position) is worth."""
MOST_POSITIONS = 50
"""Deeper positions share the examination of this one."""
STEPS = 40
APART = 3.0
"""Times that the rate of what is wanted must be above that of chance."""
LEAST_NOISE = 1e-3
"""Of the overall rate of actions; also the least share of either kind of what is shown."""
MOST_ODDS = 30.0
"""Logarithm of the odds beyond which nothing is surer."""

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ClickJudgments:
    """`examination[k - 1]` belongs to position k, relative to the first, never rising; grades are 0..1."""

    judgments: tuple[Judgment, ...]
    examination: tuple[float, ...]
    noise: float | None
    """Actions on what nobody wants, for each time that it is looked at; None where nothing tells them from liking."""


@dataclass(frozen=True, slots=True)
class _Cells:
    """Impressions and clicks, counted by (query and document, position)."""

    pairs: tuple[tuple[str, str], ...]
    pair: Ints
    position: Ints
    shown: Floats
    clicked: Floats
    gain: Floats
    """Per pair: mean gain of the actions on it, 0 where there was none."""


def judgments_from_clicks(rounds: Iterable[Round]) -> ClickJudgments:
    """A judgment for every document that was shown for a query (normalised text).

    The grade is the attractiveness times the mean gain of the actions; the weight says how much of the grade was
    seen rather than assumed: expected examinations over themselves plus the prior's.
    """
    cells = _count(rounds)
    if not cells.pairs:
        return ClickJudgments((), (), None)
    attractive, examination = _estimate(cells)
    examined = np.bincount(cells.pair, cells.shown * examination[cells.position], len(cells.pairs)).astype(np.float64)
    clicked = np.bincount(cells.pair, cells.clicked, len(cells.pairs)).astype(np.float64)
    weight = examined / (examined + PRIOR_EXAMINED)
    overall = cells.gain[cells.gain > 0].mean() if (cells.gain > 0).any() else 0.0
    grade = attractive * np.where(cells.gain > 0, cells.gain, overall)
    judgments = (
        Judgment(query, id_, float(g), float(w)) for (query, id_), g, w in zip(cells.pairs, grade, weight, strict=True)
    )
    noise = _noise(clicked, examined)
    return ClickJudgments(tuple(judgments), tuple(float(e) for e in examination), noise)


def _count(rounds: Iterable[Round]) -> _Cells:
    shown: dict[tuple[str, str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    gains: dict[tuple[str, str], list[float]] = defaultdict(list)
    for r in rounds:
        d = r.decision
        for position, candidate, gain in reward.looked_at(r):
            cell = shown[d.normalized, candidate.key.id, min(position, MOST_POSITIONS - 1)]
            cell[0] += 1
            cell[1] += gain > 0
            gains[d.normalized, candidate.key.id].extend([gain] * (gain > 0))
    pairs = tuple(sorted(gains))
    number = {pair: i for i, pair in enumerate(pairs)}
    keys = sorted(shown)
    return _Cells(
        pairs,
        np.array([number[q, id_] for q, id_, _ in keys], dtype=np.intp),
        np.array([k for _, _, k in keys], dtype=np.intp),
        np.array([shown[key][0] for key in keys]),
        np.array([shown[key][1] for key in keys]),
        np.array([float(np.mean(gains[pair])) if gains[pair] else 0.0 for pair in pairs]),
    )


def _estimate(cells: _Cells) -> tuple[Floats, Floats]:
    """(attractiveness of every pair, examination of every position)."""
    positions = int(cells.position.max()) + 1
    prior = 1.0 / np.arange(1, positions + 1)
    examination = prior.copy()
    attractive = _coec(cells, examination)
    for _ in range(STEPS):
        overall = _overall(cells, examination)
        e, a = examination[cells.position], attractive[cells.pair]
        missed = cells.shown - cells.clicked
        unclicked = np.maximum(1 - e * a, 1e-9)
        looked = cells.clicked + missed * e * (1 - a) / unclicked
        liked = cells.clicked + missed * a * (1 - e) / unclicked
        attractive = _pooled(cells.pair, liked, cells.shown, len(cells.pairs), overall, PRIOR_EXAMINED)
        by_position = np.bincount(cells.position, looked, positions) + PRIOR_POSITION * prior
        seen = np.bincount(cells.position, cells.shown, positions) + PRIOR_POSITION
        examination = np.minimum.accumulate(by_position / seen)
        examination = examination / examination[0]
    return attractive, examination


def _noise(clicks: Floats, examined: Floats) -> float | None:
    """The smaller rate of a mixture of two Poisson distributions: most of what is shown is wanted by nobody.

    McLachlan and Peel, Finite Mixture Models (2000), chapter 2. Starts from a quarter of the overall rate and from
    four times of it. Where the two come out alike, nothing tells chance from liking.
    """
    overall = clicks.sum() / examined.sum()
    if not overall:
        return None
    low, high, share = overall / 4, overall * 4, 0.2
    for _ in range(STEPS):
        odds = np.log(share / (1 - share)) + clicks * np.log(high / low) - (high - low) * examined
        wanted = 1 / (1 + np.exp(-odds.clip(-MOST_ODDS, MOST_ODDS)))
        low = max((clicks * (1 - wanted)).sum() / (examined * (1 - wanted)).sum(), overall * LEAST_NOISE)
        high = max((clicks * wanted).sum() / (examined * wanted).sum(), low)
        share = float(wanted.mean().clip(LEAST_NOISE, 1 - LEAST_NOISE))
    return float(low) if high > APART * low else None


def _coec(cells: _Cells, examination: Floats) -> Floats:
    """Clicks over expected clicks, the first guess."""
    expected = cells.shown * examination[cells.position]
    overall = _overall(cells, examination)
    guess = _pooled(cells.pair, cells.clicked, expected, len(cells.pairs), overall, PRIOR_EXAMINED)
    return np.minimum(guess, 0.999)


def _overall(cells: _Cells, examination: Floats) -> float:
    """Clicks per examined impression of the whole log: what a pair is worth of which nothing is known."""
    expected = float((cells.shown * examination[cells.position]).sum())
    return min(float(cells.clicked.sum()) / expected, 0.999)


def _pooled(
    index: Ints, hits: Sequence[float] | Floats, tries: Floats, size: int, mean: float, strength: float
) -> Floats:
    """Hits over tries per index, drawn towards `mean` by `strength` tries."""
    return (np.bincount(index, hits, size) + strength * mean) / (np.bincount(index, tries, size) + strength)
