"""Whether a log can say anything about a target: how much of it speaks, and what it cannot show."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ltrr_opensearch.evaluate.evidence import Evidence
from ltrr_opensearch.evaluate.intervals import Sample, freedom
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.types import Json

LARGEST_GAP = 0.01
"""Share of a target's searches that the log may be unable to show."""
LEAST_ACTED = 10
"""With fewer searches that anybody acted upon, the spread of a reward is unknown."""
_TOP = 100
"""One search in so many is among the heaviest."""


class Support(NamedTuple):
    searches: int
    effective: float
    """How many unweighted searches would say as much (Kish 1965), by the weights that they would all have had."""
    seen: float
    """The same by the weights that occurred; blind to those that did not."""
    share: float
    """Of the target's probability, what the log could have shown."""
    largest: float
    """The largest weight that a search has."""
    top: float
    """Share of all weight in the heaviest hundredth of the searches."""
    freedom: float
    """Degrees of freedom of the spread: a few mean that a few people make it up."""
    acted: int
    """Searches that somebody acted upon."""

    def to_json(self) -> Json:
        rounded = {
            "effective_sample": round(self.effective, 1),
            "seen_sample": round(self.seen, 1),
            "support": round(self.share, 4),
        }
        tails = {"largest_weight": self.largest, "top_hundredth": self.top, "degrees_of_freedom": self.freedom}
        return rounded | {name: round(value, 3) for name, value in tails.items()}


def support(evidence: Evidence, sample: Sample, acted: int) -> Support:
    weights = np.sort(evidence.weights[:, -1])[::-1]
    searches, whole = len(weights), float(weights.sum())
    heaviest = float(weights[: -(-searches // _TOP)].sum())
    # what was never drawn would not be missed in the weights, but it is in these
    effective = searches / float(evidence.possible.mean())
    return Support(
        searches=searches,
        effective=effective if whole else 0.0,
        seen=whole**2 / float(np.square(weights).sum()) if whole else 0.0,
        share=max(0.0, 1 - float(evidence.unsupported.mean())),
        largest=float(weights[0]),
        top=heaviest / whole if whole else 0.0,
        freedom=freedom(sample),
        acted=acted,
    )


def refusal(found: Support, learn: LearnSettings) -> str:
    """Why no number is given and what to do, or nothing."""
    if 1 - found.share > LARGEST_GAP:
        return (
            f"in {1 - found.share:.0%} of its searches it draws what this log never could (probability 0); "
            "set choose.floor above 0 and log anew"
        )
    if found.effective < learn.min_effective:
        needed = learn.min_effective / max(found.effective, 1e-9) * found.searches
        return (
            f"the {found.searches:,} searches weigh as {found.effective:.0f}, fewer than learn.min_effective "
            f"{learn.min_effective:g}; log more searches (some {needed:,.0f}) or raise choose.floor"
        )
    if found.acted < LEAST_ACTED:
        return f"{found.acted} searches were acted upon, fewer than {LEAST_ACTED}; send events, or take a longer window"
    return ""
