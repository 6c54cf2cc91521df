"""What training of any policy asks of the part before."""

from __future__ import annotations

from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.knowledge.outcomes import VERSION
from ltrr_opensearch.logged import Part
from ltrr_opensearch.types import Json


def continued(previous: Part | None, algorithm: str, meta: Json) -> Part | None:
    """The previous part, if it was trained as this one will be."""
    if previous is None or previous.algorithm != algorithm:
        return None
    return previous if all(previous.meta.get(key) == value for key, value in meta.items()) else None


def counting(rounds: int, at_most: int | None) -> int:
    """How many rounds count of the apprenticeship."""
    return rounds if at_most is None else min(rounds, at_most)


def goes_on(previous: Part | None, choose: ChooseSettings) -> bool:
    """Whether a policy is of the kind that the settings name, as this software stores it."""
    return bool(previous and previous.algorithm == choose.policy and previous.meta.get("outcomes", VERSION) == VERSION)
