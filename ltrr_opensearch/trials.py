"""A search's part in the live experiment of its index: which arm serves it, or that both do. Pure."""

from __future__ import annotations

from typing import NamedTuple

from ltrr_opensearch.experiment.people import arm_of
from ltrr_opensearch.logged import Trial
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import Asker


class Part(NamedTuple):
    """`rivals`: the two arms, where both make the page. `explores`: whether depths may be drawn by chance."""

    serving: Serving
    rivals: tuple[Serving, ...] = ()
    trial: Trial | None = None
    explores: bool = True


def part_of(serving: Serving, asker: Asker, secret: str) -> Part:
    """What is in force serves everybody who takes no part.

    Interleaved systems do not explore, which would blur what they are compared by; nor may the client's own query be
    accompanied by anything. The log marks such searches, so that no off-policy estimate rests on them.
    """
    experiment = serving.index.experiment
    arm = arm_of(experiment, asker, secret) if experiment and serving.arms else None
    if experiment is None or arm is None:
        return Part(serving)
    if experiment.kind == "interleave":
        return Part(serving, serving.arms, Trial(experiment.name), explores=False)
    chosen = experiment.arms[arm]
    return Part(serving.arms[arm], (), Trial(experiment.name, chosen.name), explores=not chosen.original)
