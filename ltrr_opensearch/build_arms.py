"""The two ways of serving of a live experiment: each is what is in force, with its changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.registry import build_policy, learned_part
from ltrr_opensearch.experiment_settings import ArmSettings
from ltrr_opensearch.logged import TRIAL, Part
from ltrr_opensearch.serving import Serving

LEARNED = ("policy", "ranker")
"""What an arm takes of a release that is not in force. Memory, gazetteer and counts are the same for both arms."""


def arms_of(serving: Serving, policy: Part | None, published: Callable[[str], Serving]) -> tuple[Serving, ...]:
    """`policy`: the part in force. `published` builds another release; an error for one that there is not."""
    experiment = serving.index.experiment
    return tuple(_arm(serving, arm, policy, published) for arm in experiment.arms) if experiment else ()


def _arm(serving: Serving, arm: ArmSettings, policy: Part | None, published: Callable[[str], Serving]) -> Serving:
    if arm.original:
        own = {s.name: serving.choose.safe_depth for s in serving.index.strategies if s.use == "original"}
        return replace(serving, policy=Fixed(0, own), ranker=None, group=TRIAL)
    if arm.release:
        other = published(arm.release)
        serving = replace(
            serving, policy=other.policy, ranker=other.ranker, columns=other.columns, logged=other.logged, group=TRIAL
        )
    if arm.policy:
        choose = serving.choose.model_copy(update={"policy": arm.policy})
        trained = learned_part(arm.policy, policy)
        serving = replace(serving, policy=build_policy(choose, trained), group=TRIAL)
    return serving if arm.ranker else replace(serving, ranker=None)
