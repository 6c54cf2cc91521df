"""The dynamic Bayesian model: people read from the top, and stop where they are satisfied or give up.

The first position is looked at. What is looked at is acted upon with its attractiveness; after an action a person is
satisfied with a probability of the document and stops; whoever is not goes on to the next position with the same
probability everywhere. So everything down to the last action was surely looked at, and how far people read below it is
estimated. Chapelle and Zhang, A Dynamic Bayesian Network Click Model for Web Search Ranking (WWW 2009), appendix, by
expectation maximisation over all three. Needs no exploration; it is wrong where people jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.learn.clicks.impressions import Floats, Impressions, Ints
from ltrr_opensearch.learn.clicks.models import Fitted
from ltrr_opensearch.learn.clicks.pooled import MOST_ATTRACTIVE, PRIOR_POSITION, falling, pooled, prior_examination

STEPS = 40
GOING_ON = 0.9
"""Where estimation starts."""
PRIOR_SATISFIED, PRIOR_CLICKS = 0.5, 2.0
"""Satisfaction of a document of which nothing is known, and the clicks that this is worth."""
LEAST_GOING, MOST_GOING = 0.01, 0.999


@dataclass(frozen=True, slots=True)
class _Pages:
    """Searches as rows, what they showed from the top down as columns."""

    pair: Ints
    """Filled with 0 behind the end."""
    there: NDArray[np.bool_]
    clicked: NDArray[np.bool_]
    last: Ints
    """Column of the last action, -1 where there was none."""


def fit(seen: Impressions) -> Fitted:
    pages, column = _pages(seen)
    pairs = len(seen.pairs)
    clicks = seen.by_pair(seen.clicked)
    overall = min(float(clicks.sum()) / len(seen.pair), MOST_ATTRACTIVE)
    attractive, satisfied, going = np.full(pairs, overall), np.full(pairs, PRIOR_SATISFIED), GOING_ON
    below = _below(pages)
    for _ in range(STEPS):
        looked, content, went, might = _expected(pages, attractive, satisfied, going)
        examined = looked[seen.search, column]
        mean = min(float(clicks.sum() / examined.sum()), MOST_ATTRACTIVE)
        attractive = np.minimum(pooled(seen.pair, seen.clicked, examined, pairs, mean), MOST_ATTRACTIVE)
        rows = pages.last >= 0
        at_last = pages.pair[rows, pages.last[rows]]
        was = np.bincount(at_last, content[rows], pairs)
        satisfied = (was + PRIOR_CLICKS * PRIOR_SATISFIED) / (clicks + PRIOR_CLICKS)
        sure = float(below.sum())
        going = float(np.clip((sure + went) / max(sure + might, 1e-9), LEAST_GOING, MOST_GOING))
    looked, _, _, _ = _expected(pages, attractive, satisfied, going)
    examined = looked[seen.search, column]
    return Fitted(attractive, examined, _by_position(seen, examined))


def _pages(seen: Impressions) -> tuple[_Pages, Ints]:
    """The pages, and the column of every impression: searches were numbered in their order, and lie together."""
    starts = np.searchsorted(seen.search, np.arange(int(seen.search.max()) + 1))
    column = np.arange(len(seen.search)) - starts[seen.search]
    shape = len(starts), int(column.max()) + 1
    pair, there, clicked = np.zeros(shape, np.intp), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    pair[seen.search, column] = seen.pair
    there[seen.search, column] = True
    clicked[seen.search, column] = seen.clicked > 0
    last = np.where(clicked.any(axis=1), shape[1] - 1 - clicked[:, ::-1].argmax(axis=1), -1)
    return _Pages(pair, there, clicked, last), column


def _below(pages: _Pages) -> NDArray[np.bool_]:
    """Places above the last action: whoever was there went on."""
    return pages.there & (np.arange(pages.pair.shape[1]) < pages.last[:, None])


def _expected(
    pages: _Pages, attractive: Floats, satisfied: Floats, going: float
) -> tuple[Floats, Floats, float, float]:
    """(how surely each place was looked at, satisfaction with the last action, times that people from there on went on,
    times that they might have).
    """
    likes = np.where(pages.there, attractive[pages.pair], 0.0)
    rows, columns = likes.shape
    # [search, j]: probability of no action from place j on, given that j is looked at; 1 behind the end
    none = np.ones((rows, columns + 1))
    for j in range(columns - 1, -1, -1):
        none[:, j] = np.where(pages.there[:, j], (1 - likes[:, j]) * (going * none[:, j + 1] + 1 - going), 1.0)
    first = pages.last + 1
    at = np.arange(rows)
    acted = pages.last >= 0
    content = np.where(acted, satisfied[pages.pair[at, np.maximum(pages.last, 0)]], 0.0)
    reached = np.where(acted, (1 - content) * going, 1.0)
    # probability that nothing below the last action was acted upon
    silent = 1 - reached * (1 - none[at, first])
    looked = (np.arange(columns) <= pages.last[:, None]).astype(np.float64)
    weight = np.zeros(rows)
    went = might = 0.0
    for j in range(columns):
        weight = np.where(first == j, reached, weight * going * (1 - likes[:, j - 1]) if j else 0.0)
        here = (first <= j) & pages.there[:, j]
        sure = np.where(here, weight * none[:, j] / silent, 0.0)
        looked[:, j] += sure
        came = here & ((first < j) | acted)
        went += float(sure[came].sum())
        before = np.where(first < j, looked[:, j - 1], 0.0) if j else np.zeros(rows)
        left = np.where((first == j) & acted, 1 - content / silent, before)
        might += float(left[came].sum())
    return looked, np.where(acted, content / silent, 0.0), went, might


def _by_position(seen: Impressions, examined: Floats) -> Floats:
    prior = prior_examination(seen.positions)
    looked = np.bincount(seen.position, examined, seen.positions) + PRIOR_POSITION * prior
    return falling(looked / (np.bincount(seen.position, minlength=seen.positions) + PRIOR_POSITION))
