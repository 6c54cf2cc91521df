"""Which policy draws: a built-in by name, or somebody else's by an entry point of `ltrr_opensearch.policies`.

An entry point names a callable `(ChooseSettings, Part | None) -> Policy`. Without a trained part every built-in that
learns starts cold: all strategies at the safe depth, with the floor of exploration that `draw` adds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Protocol

from ltrr_opensearch.choose.apprentice import Apprentice, trust_after
from ltrr_opensearch.choose.direct import DirectPolicy
from ltrr_opensearch.choose.factoring import factored
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.greedy import EpsilonGreedy
from ltrr_opensearch.choose.linear import LinTS, LinUCB
from ltrr_opensearch.choose.parts import rungs_of
from ltrr_opensearch.choose.thompson import Thompson
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.choose.vowpal import VowpalPolicy
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.errors import ModelError, SettingsError
from ltrr_opensearch.logged import Part
from ltrr_opensearch.protocols import Policy

GROUP = "ltrr_opensearch.policies"


class _FromPart(Protocol):
    def from_part(self, part: Part, ladder: tuple[int, ...], safe_depth: int) -> Policy: ...


_PEERS: Mapping[str, _FromPart] = {
    "lints": LinTS,
    "linucb": LinUCB,
    "thompson": Thompson,
    "greedy": EpsilonGreedy,
}
LEARNING = ("vowpal", *_PEERS, "direct")
BUILT_IN = (*LEARNING, "fixed", "uniform")


def nothing_learned(policy: str, part: Part | None) -> bool:
    """Whether what is built of these is the safe plan in the name of a policy that learns."""
    return policy in LEARNING and part is None


def learned_part(policy: str, serving: Part | None) -> Part | None:
    """What an experiment's arm with this policy draws by: what serves, where that is of it."""
    part = serving if serving and serving.algorithm == policy else None
    if nothing_learned(policy, part):
        raise ModelError(
            f"an arm is to draw by policy {policy!r}, of which nothing was learned that serves: people would get the "
            "safe plan in its name; name a release that holds one, `release: ID` instead of `policy` (ltrr models "
            "list), or learn it first: choose.policy, then ltrr learn policy"
        )
    return part


def build_policy(settings: ChooseSettings, part: Part | None = None) -> Policy:
    """The policy that the settings name, from its trained part where it has one."""
    if settings.policy not in BUILT_IN:
        return _plugged_in(settings.policy)(settings, part)
    if settings.policy == "uniform":
        return Uniform()
    if part is None or settings.policy == "fixed":
        return Fixed(settings.safe_depth)
    _must_be("choose.policy", part.algorithm, settings.policy)
    if settings.policy == "direct":
        return DirectPolicy.from_part(part, settings)
    learned = _vowpal(part, settings) if settings.policy == "vowpal" else _peer(part, settings)
    _must_be("choose.factoring", part.meta["factoring"], settings.factoring)
    return factored(learned, part.meta)


def _vowpal(part: Part, settings: ChooseSettings) -> Policy:
    return VowpalPolicy.from_part(part, settings.ladder, settings.safe_depth)


def _peer(part: Part, settings: ChooseSettings) -> Policy:
    """One of those that do not mix with the safe plan by themselves."""
    learned = _PEERS[settings.policy].from_part(part, settings.ladder, settings.safe_depth)
    safe = rungs_of(part, settings.ladder, settings.safe_depth).safe
    return Apprentice(learned, safe, trust_after(part.meta["rounds"], settings.apprentice_rounds))


def _must_be(setting: str, published: str, wanted: str) -> None:
    if published != wanted:
        raise ModelError(
            f"the published policy is {published!r}, {setting} says {wanted!r}; "
            "train again: ltrr learn policy, or change the setting"
        )


def _plugged_in(name: str) -> Callable[[ChooseSettings, Part | None], Policy]:
    found = {e.name: e for e in entry_points(group=GROUP)}
    if name not in found:
        allowed = ", ".join([*BUILT_IN, *sorted(found)])
        raise SettingsError(f"choose.policy is {name!r}; allowed: {allowed}")
    builder: Callable[[ChooseSettings, Part | None], Policy] = found[name].load()
    return builder
