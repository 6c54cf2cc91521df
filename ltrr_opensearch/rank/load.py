"""A published part as a ranker, ready to score, and the check that it still scores as it did when it was made.

A part's `algorithm` names one of ours, or somebody else's by an entry point of the group `ltrr_opensearch.rankers`:
a callable `(Part) -> Ranker`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import entry_points

import numpy as np

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.logged import Part
from ltrr_opensearch.protocols import Ranker
from ltrr_opensearch.rank import linear, trees
from ltrr_opensearch.types import Json

GROUP = "ltrr_opensearch.rankers"
TOLERANCE = 1e-5
Packed = linear.LinearRanker | trees.TreeRanker
READERS: dict[str, Callable[[Json], Packed]] = {linear.NAME: linear.from_json, trees.NAME: trees.from_json}


def load_ranker(part: Part) -> Ranker:
    """The part's model. Its bytes have met their checksum already; a payload of another shape is a `ModelError`."""
    return load_built_in(part) if part.algorithm in READERS else _plugged_in(part)


def load_built_in(part: Part) -> Packed:
    """A model of our own kinds, which can also be written in the LTR plugin's words."""
    try:
        return READERS[part.algorithm](json.loads(part.payload))
    except (ValueError, KeyError, TypeError) as e:
        raise ModelError(f"ranker {part.version} of {part.index} cannot be read: {e!r}; publish it again") from e


def _plugged_in(part: Part) -> Ranker:
    found = {e.name: e for e in entry_points(group=GROUP)}
    if part.algorithm not in found:
        known = ", ".join([*READERS, *sorted(found)])
        raise ModelError(f"ranker {part.version}: algorithm {part.algorithm!r}; known are {known}")
    factory: Callable[[Part], Ranker] = found[part.algorithm].load()
    return factory(part)


def verify_ranker(part: Part) -> None:
    """Raises `ModelError` where the stored rows do not get their stored scores."""
    ranker = load_ranker(part)
    rows = np.array(part.checks.get("rows", []), dtype=np.float32).reshape(-1, len(ranker.features))
    expected = np.array(part.checks.get("scores", []), dtype=np.float32)
    if len(rows) != len(expected) or np.abs(ranker.score(rows) - expected).max(initial=0.0) > TOLERANCE:
        raise ModelError(f"ranker {part.version} of {part.index} does not give its stored scores; publish it again")
