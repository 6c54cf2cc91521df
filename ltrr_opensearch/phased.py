"""Whom a search is decided by: what serves is put into its phase as a policy's side and a control's. Pure.

The policy's side draws as the policy says. On the control's side the safe plan acts, to the letter and without
exploration, or the client's own query alone; in the shadow phase everybody is there, and the policy draws beside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.logged import CONTROL, TRIAL
from ltrr_opensearch.phase_settings import PhaseName, PhaseSettings
from ltrr_opensearch.serving import COLD, Serving


def in_phase(serving: Serving, phase: PhaseName, settings: PhaseSettings) -> Serving:
    """What serves, with its control group. Without a learned policy there is nothing to compare, only to be safe."""
    name = COLD if serving.phase == COLD else phase
    control = _control(serving, settings)
    if phase == "shadow" and name != COLD:
        control = replace(control, shadow=serving.policy)
    # an arm with a policy of its own has no phase; the others follow that of the policy in force
    arms = tuple(one if one.group == TRIAL else in_phase(one, phase, settings) for one in serving.arms)
    control = replace(control, phase=name)
    return replace(serving, phase=name, share=share_of(phase, settings), control=control, arms=arms)


def share_of(phase: PhaseName, settings: PhaseSettings) -> float:
    """The share of people for whom the policy decides."""
    return {"shadow": 0.0, "apprentice": 1.0, "share": settings.share, "live": 1 - settings.control_share}[phase]


def _control(serving: Serving, settings: PhaseSettings) -> Serving:
    unmoved = serving.choose.model_copy(update={"floor": 0.0, "fresh_share": 0.0, "near_share": 0.0})
    exact = replace(serving, group=CONTROL, choose=unmoved)
    if settings.control == "safe_plan":
        return replace(exact, policy=exact.safe)
    own = {s.name: serving.choose.safe_depth for s in serving.index.strategies if s.use == "original"}
    return replace(exact, policy=Fixed(0, own), ranker=None)


class InPhases:
    """What serves an index now, made anew when either the release or the phase has changed."""

    def __init__(
        self, serving: Callable[[str], Serving], phase: Callable[[str], PhaseName], settings: PhaseSettings
    ) -> None:
        self._serving = serving
        self._phase = phase
        self._settings = settings
        self._made: dict[str, tuple[Serving, PhaseName, Serving]] = {}

    def __call__(self, key: str) -> Serving:
        serving, phase = self._serving(key), self._phase(key)
        made = self._made.get(key)
        if made is None or made[0] is not serving or made[1] != phase:
            made = serving, phase, in_phase(serving, phase, self._settings)
            self._made[key] = made
        return made[2]
