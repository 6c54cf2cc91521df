"""How an action is put together of draws, and what a trained part says of it.

*Sequential*: each slot sees what was drawn before. *Independent*: it does not, nor what the budget forbids. *Profiles*:
one of a list is drawn (`profiles`). A policy need not know: it is given the slots that its factoring shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ltrr_opensearch.choose.profiles import Profile, ProfilePolicy
from ltrr_opensearch.protocols import Policy, Valued
from ltrr_opensearch.types import Json, Slot

SAFE = "safe"
"""The profile of every plan at the safe depth, always among the profiles."""


class Rungs(NamedTuple):
    """What a policy draws from: a ladder, and the rung value that stands for the safe plan."""

    ladder: tuple[int, ...]
    safe: int


class IndependentPolicy:
    def __init__(self, inner: Policy) -> None:
        self.name = inner.name
        self._inner = inner

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        """What the inner policy wants deeper than the budget allows goes to the deepest depth that it does."""
        wanted = self._inner.pmf(alone(slot))
        deepest = max(i for i, ok in enumerate(slot.feasible) if ok)
        beyond = sum(p for p, ok in zip(wanted, slot.feasible, strict=True) if not ok)
        allowed = [p if ok else 0.0 for p, ok in zip(wanted, slot.feasible, strict=True)]
        allowed[deepest] += beyond
        return tuple(allowed)

    def values(self, slot: Slot) -> tuple[float, ...] | None:
        return self._inner.values(alone(slot)) if isinstance(self._inner, Valued) else None


def alone(slot: Slot) -> Slot:
    """The slot as if it were the only one."""
    return slot._replace(position=0, drawn=(), feasible=(True,) * len(slot.ladder))


def profiles_in(meta: Json) -> list[Profile]:
    """Those that a part was trained for."""
    return [Profile(name, depths) for name, depths in meta.get("profiles", ())]


def rungs_for(profiles: Sequence[Profile], ladder: tuple[int, ...], safe_depth: int) -> Rungs:
    """What the policy inside a factoring draws from: depths, or the profiles' numbers where there are any."""
    if not profiles:
        return Rungs(ladder, safe_depth)
    return Rungs(tuple(range(len(profiles))), [p.name for p in profiles].index(SAFE))


def factored(inner: Policy, meta: Json) -> Policy:
    """The policy as `choose.draw` asks it, of one that was trained as the part's `meta` says."""
    match meta["factoring"]:
        case "profiles":
            return ProfilePolicy(inner, profiles_in(meta))
        case "independent":
            return IndependentPolicy(inner)
        case _:
            return inner
