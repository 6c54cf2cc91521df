"""Clicks to judgments: how attractive each document was for each query, had people looked at it.

What people looked at is what a click model says (`learn.clicks`, chosen by `learn.click_model`); from there on all
models are treated alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ltrr_opensearch.learn.clicks.impressions import Floats, impressions
from ltrr_opensearch.learn.clicks.models import DEFAULT, ClickModel, click_model
from ltrr_opensearch.learn.clicks.pooled import PRIOR_EXAMINED
from ltrr_opensearch.logged import Judgment, Round, is_whole


@dataclass(frozen=True, slots=True)
class ClickJudgments:
    """`examination[k - 1]` belongs to position k, relative to the first, never rising; grades are 0..1."""

    pairs: tuple[tuple[str, str], ...]
    """(query, document); the others go by them."""
    grades: Floats
    weights: Floats
    examination: tuple[float, ...]
    acted: Floats
    """How often it was acted upon."""
    examined: Floats
    """How often it was looked at."""

    @property
    def judgments(self) -> tuple[Judgment, ...]:
        """Made when asked for: who learns outcomes looks at the counts alone."""
        told = zip(self.pairs, self.grades.tolist(), self.weights.tolist(), strict=True)
        return tuple([Judgment(query, id, grade, weight) for (query, id), grade, weight in told])


def judgments_from_clicks(rounds: Iterable[Round], model: str | ClickModel = DEFAULT) -> ClickJudgments:
    """A judgment for every document that was shown for a query (normalised text).

    The grade is the attractiveness times the mean gain of the actions; the weight says how much of the grade was
    seen rather than assumed: expected examinations over themselves plus the prior's.
    """
    seen = impressions(rounds)
    if seen is None:
        return ClickJudgments((), np.empty(0), np.empty(0), (), np.empty(0), np.empty(0))
    fitted = (click_model(model) if isinstance(model, str) else model)(seen)
    examined, clicked = seen.by_pair(fitted.examined), seen.by_pair(seen.clicked)
    weight = examined / (examined + PRIOR_EXAMINED)
    overall = seen.gain[seen.gain > 0].mean() if (seen.gain > 0).any() else 0.0
    grade = fitted.attractive * np.where(seen.gain > 0, seen.gain, overall)
    return ClickJudgments(seen.pairs, grade, weight, tuple(map(float, fitted.examination)), clicked, examined)


def as_a_list(judgments: Iterable[Judgment], rounds: Sequence[Round], field: str | None) -> list[Judgment]:
    """Judgments as lists hold them: of whole queries, documents by what `field` names them (None: `_id`).

    A query that was logged as a hash or in part is nobody else's to read. Of an object's documents the surest counts.
    """
    names = {c.key.id: c.object_id for one in rounds for c in one.decision.candidates if c.object_id}
    surest: dict[tuple[str, str], Judgment] = {}
    for one in judgments:
        name = one.id if field is None else names.get(one.id)
        if name is None or not is_whole(one.query):
            continue
        known = surest.get((one.query, name))
        if known is None or one.weight > known.weight:
            surest[one.query, name] = replace(one, id=name)
    return list(surest.values())
