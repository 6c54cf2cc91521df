"""Who searched. Searches of one person are alike, so it is people that an interval counts and that folds keep whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.logged import Round

Numbers = NDArray[np.int64]

FOLDS = 4
LEAST_PEOPLE = 20
"""With fewer, a spread between people cannot be told (Cameron & Miller 2015); searches then count one by one."""


def people(rounds: Sequence[Round]) -> Numbers:
    """The number of the person of each search: user, else client, else session; one nobody named is its own person.

    Where a log names fewer than `LEAST_PEOPLE`, or a few make up most of it, every search is its own.
    """
    names = [_name(one) or f"search {place}" for place, one in enumerate(rounds)]
    numbers = np.unique(names, return_inverse=True)[1].astype(np.int64) if names else np.zeros(0, np.int64)
    return numbers if effective_people(numbers) >= LEAST_PEOPLE else np.arange(len(names))


def effective_people(numbers: Numbers) -> float:
    """How many equally busy people there would be (Kish 1965)."""
    searches = np.bincount(numbers).astype(float)
    return float(searches.sum() ** 2 / np.square(searches).sum()) if len(numbers) else 0.0


def folds(numbers: Numbers, count: int = FOLDS) -> Numbers:
    """The fold of each search, people kept whole and spread evenly by their searches, the busiest first."""
    searches = np.bincount(numbers)
    order = np.argsort(-searches, kind="stable")
    fold = np.empty(len(searches), np.int64)
    # back and forth, so that no fold gets the busiest of every turn
    turn = np.arange(len(order)) % (2 * count)
    fold[order] = np.minimum(turn, 2 * count - 1 - turn)
    return np.asarray(fold[numbers])


def _name(one: Round) -> str:
    asker = one.decision.asker
    named = (("user", asker.user), ("client", asker.client), ("session", asker.session))
    return next((f"{kind} {name}" for kind, name in named if name), "")
