"""A published part as a ranker, ready to score, and the check that it still scores as it did when it was made."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.rank import linear, trees
from ltrr_opensearch.types import Json, Part

TOLERANCE = 1e-5
Packed = linear.LinearRanker | trees.TreeRanker
READERS: dict[str, Callable[[Json], Packed]] = {linear.NAME: linear.from_json, trees.NAME: trees.from_json}


def load_ranker(part: Part) -> Packed:
    """The part's model. Its bytes have met their checksum already; a payload of another shape is a `ModelError`."""
    if part.algorithm not in READERS:
        raise ModelError(f"ranker {part.version}: algorithm {part.algorithm!r}; known are {', '.join(READERS)}")
    try:
        return READERS[part.algorithm](json.loads(part.payload))
    except (ValueError, KeyError, TypeError) as e:
        raise ModelError(f"ranker {part.version} of {part.index} cannot be read: {e!r}; publish it again") from e


def verify_ranker(part: Part) -> None:
    """Raises `ModelError` where the stored rows do not get their stored scores."""
    ranker = load_ranker(part)
    rows = np.array(part.checks.get("rows", []), dtype=np.float32).reshape(-1, len(ranker.features))
    expected = np.array(part.checks.get("scores", []), dtype=np.float32)
    if len(rows) != len(expected) or np.abs(ranker.score(rows) - expected).max(initial=0.0) > TOLERANCE:
        raise ModelError(f"ranker {part.version} of {part.index} does not give its stored scores; publish it again")
