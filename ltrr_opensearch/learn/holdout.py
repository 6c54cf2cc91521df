"""Policies that nobody has trained yet: learned from the older half of the searches, to be judged on the newer one.

As they begin they are the safe plan under another name, of which nothing is to be learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.learn.gate import Verdict, too_few, unheard
from ltrr_opensearch.learn.named import Named
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.logged import Round
from ltrr_opensearch.settings import Settings


@dataclass(frozen=True, slots=True)
class HeldOut:
    """`policies` by what they are called; `judging`: the searches that none was taught here; `said`: what was done."""

    policies: Mapping[str, Named]
    judging: Sequence[Round]
    said: str = ""


def held_out(policies: Mapping[str, Named], rounds: Sequence[Round], settings: Settings) -> HeldOut:
    """Those that are `untaught` are taught the older half; of too little nothing is, and all searches judge."""
    if not rounds or not any(one.untaught for one in policies.values()):
        return HeldOut(_called(policies), rounds)
    older, newer = _halves(rounds)
    usable = [one for one in older if one.decision.ladder == settings.choose.ladder]
    if few := _few(usable, settings):
        return HeldOut(_called(policies), rounds, f"The older half of the searches teaches no policy: {few.reason}.")
    learned = {name: _taught(one, usable, settings) if one.untaught else one for name, one in policies.items()}
    return HeldOut(
        _called(learned),
        newer,
        f"{len(usable):,} searches before {newer[0].decision.at:%Y-%m-%d %H:%M:%S} UTC are learned from; "
        f"the {len(newer):,} from then on judge all policies.",
    )


def _called(policies: Mapping[str, Named]) -> dict[str, Named]:
    return {one.called(name): one for name, one in policies.items()}


def _halves(rounds: Sequence[Round]) -> tuple[list[Round], list[Round]]:
    """The older and the newer ones by time; those of one moment stay together."""
    ordered = sorted(rounds, key=lambda one: (one.decision.at, one.decision.query_id))
    since = ordered[len(ordered) // 2].decision.at
    older = [one for one in ordered if one.decision.at < since]
    return older, ordered[len(older) :]


def _few(rounds: Sequence[Round], settings: Settings) -> Verdict | None:
    acted = sum(bool(one.gains) for one in rounds)
    return too_few("policy", len(rounds), settings.learn) or unheard("policy", acted, settings.learn)


def _taught(one: Named, rounds: Sequence[Round], settings: Settings) -> Named:
    choose = settings.choose.model_copy(update={"policy": one.untaught})
    part = train_policy(rounds, settings.model_copy(update={"choose": choose}))
    note = f"learned from the older {len(rounds):,} searches"
    return Named(build_policy(choose, part), rounds[-1].decision.at, note)
