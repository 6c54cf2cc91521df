"""What training of any policy asks of the part before."""

from __future__ import annotations

from typing import Any

from ltrr_opensearch.choose import examples
from ltrr_opensearch.choose.direct import NAME as DIRECT
from ltrr_opensearch.choose.explorers import explorer_arguments
from ltrr_opensearch.knowledge.outcomes import VERSION
from ltrr_opensearch.logged import Part
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json


def continued(previous: Part | None, algorithm: str, meta: Json) -> Part | None:
    """The previous part, if it was trained as this one will be."""
    if previous is None or previous.algorithm != algorithm:
        return None
    return previous if all(previous.meta.get(key) == value for key, value in meta.items()) else None


def counting(rounds: int, at_most: int | None) -> int:
    """How many rounds count of the apprenticeship."""
    return rounds if at_most is None else min(rounds, at_most)


def goes_on(previous: Part | None, settings: Settings) -> bool:
    """Whether a policy is as the settings and this software would have it learned; else another one begins anew."""
    before = continued(previous, settings.choose.policy, dictated(settings))
    return before is not None and (settings.choose.factoring != "profiles" or bool(kept_profiles(before, settings)))


def kept_profiles(before: Part | None, settings: Settings) -> list[Any]:
    """Name and depths of the profiles that a policy was learned for; none where the settings now name others."""
    kept: list[Any] = before.meta.get("profiles", []) if before else []
    wanted = [[name, depths] for name, depths in settings.choose.profiles.items()]
    same = before is not None and before.meta["ladder"] == list(settings.choose.ladder)
    return kept if same and all(one in kept for one in wanted) else []


def dictated(settings: Settings) -> Json:
    """What a part must say of itself for a policy to be learned on from it. Prices may change: `direct` remembers what
    was found, others forget; what actions are worth (`learn.gains`) fades with what was learned.
    """
    choose, learn = settings.choose, settings.learn
    always: Json = {"ladder": list(choose.ladder), "features": examples.VERSION}
    if choose.policy == DIRECT:
        return always | {"outcomes": VERSION}
    always["factoring"] = choose.factoring
    if choose.policy != "vowpal":
        return always | {"half_life_searches": learn.half_life_searches}
    arguments = [*explorer_arguments(choose, learn), "--random_seed", str(learn.seed)]
    return always | {"arguments": arguments, "labels": learn.labels, "valued": choose.explore_loss is not None}
