"""What speaks for each candidate value of a field: that the text says it, and that documents like this one have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log, log1p

import numpy as np

from ltrr_opensearch.propose.dictionary import SaidValues
from ltrr_opensearch.types import Doubles

CANDIDATES = 3
"""Likeliest values by embedding that are looked at beside those that are said."""
FAR = 8.0
"""Logits beyond this say no more than this."""
MOST_WORDS = 3

OF_TEXT = ("bias", "share", "said", "belief", "titled", "ahead", "rivals", "words")
OF_LIKENESS = ("alike", "alike first", "alike ahead")
COLUMNS = (*OF_TEXT, *OF_LIKENESS)


def evidence(
    said: SaidValues,
    classes: Sequence[str],
    posterior: Doubles | None,
    shares: Mapping[str, float],
    *,
    only_said: bool = False,
) -> tuple[list[str], Doubles]:
    """The candidates of one document and field, and a row of `COLUMNS` of each.

    `posterior`: of `classes`, in logarithms; None without an embedding. `shares`: of the field's documents that have
    each value. `only_said`: whether what is merely likely is no candidate.
    """
    likeness = {} if posterior is None else dict(zip(classes, posterior.tolist(), strict=True))
    nearest = sorted(likeness, key=lambda key: -likeness[key])[: CANDIDATES + 1]
    keys = [*said, *(key for key in nearest[:CANDIDATES] if key not in said and not only_said)]
    rows = np.zeros((len(keys), len(COLUMNS)))
    for row, key in zip(rows, keys, strict=True):
        row[0], row[1] = 1.0, log(max(shares.get(key, 0.0), 1e-4))
        if key in said:
            row[2 : len(OF_TEXT)] = _of_text(key, said)
        if posterior is not None:
            row[len(OF_TEXT) :] = _of_likeness(key, likeness, nearest)
    return keys, rows


def _of_text(key: str, said: SaidValues) -> tuple[float, ...]:
    one = said[key]
    rivals = [logit(other.belief) for name, other in said.items() if name != key]
    ahead = logit(one.belief) - max(rivals) if rivals else 0.0
    words = min(one.words.count(" "), MOST_WORDS)
    return 1.0, logit(one.belief), float(one.titled), clipped(ahead), log1p(len(rivals)), float(words)


def _of_likeness(key: str, likeness: Mapping[str, float], nearest: Sequence[str]) -> tuple[float, ...]:
    if key not in likeness:
        return -FAR, 0.0, -FAR
    rival = next((other for other in nearest if other != key), key)
    chance = float(np.exp(likeness[key]))
    return logit(chance), float(key == nearest[0]), clipped(likeness[key] - likeness[rival])


def logit(chance: float) -> float:
    least = 1 / (1 + np.exp(FAR))
    chance = min(max(chance, least), 1 - least)
    return log(chance / (1 - chance))


def clipped(number: float) -> float:
    return min(max(number, -FAR), FAR)
