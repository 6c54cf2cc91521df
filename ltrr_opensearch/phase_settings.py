"""How far a learned policy is let: whose searches it decides in each phase, and what moves an index between them."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from ltrr_opensearch.section import Section, Share

PhaseName = Literal["shadow", "apprentice", "share", "live"]
PHASES: tuple[PhaseName, ...] = get_args(PhaseName)
"""From the most careful on; the policy decides for nobody in the first, for nearly everybody in the last."""
Fraction = Annotated[float, Field(gt=0, lt=1)]


class PhaseSettings(Section):
    first: PhaseName = Field(
        "apprentice",
        description="Phase of an index of which nothing is recorded yet; later `ltrr phases set` changes it.",
    )
    control: Literal["safe_plan", "own_query"] = Field(
        "safe_plan",
        description="What others get than the policy decides for: the safe plan, or their own query alone.",
    )
    share: Fraction = Field(0.1, description="Share of people for whom the policy decides in phase `share`.")
    control_share: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.05, description="Share of people kept as control group in phase `live`; 0 leaves guardrails blind there."
    )
    shadow_clicked: int = Field(500, ge=1, description="Searches with a gain before `shadow` may end.")
    apprentice_clicked: int = Field(10_000, ge=1, description="Searches with a gain before `apprentice` may end.")
    share_clicked: int = Field(1000, ge=1, description="Searches with a gain in each group before `share` may end.")
    agreement: Share = Field(
        0.9, description="Least share of the gain found that the shadow's draws hold too, before `shadow` may end."
    )
    least_gain: float = Field(
        0.0,
        ge=0,
        description="Before `share` ends, the lower bound of the policy's gain over the control must be above this "
        "share of what a search of the control is worth.",
    )
    most_loss: float = Field(
        0.02,
        ge=0,
        description="Before `shadow` and `apprentice` end, the policy may be worth at most this share of a search less "
        "than the safe plan, by the lower bound.",
    )
    margin: float = Field(0.01, ge=0, description="Guardrail: proven worse than the control by more than this.")
    latency_ratio: Annotated[float, Field(ge=1)] = Field(
        1.5, description="Guardrail: 95th percentile of the policy's searches proven above so many times the control's."
    )
    empty_margin: Share = Field(
        0.01, description="Guardrail: share of searches without a result proven above the control's by more than this."
    )
    failed_share: Share = Field(
        0.01, description="Guardrail: share of the policy's searches that it failed to decide proven above this."
    )
    least_searches: int = Field(
        200, ge=30, description="Fewer searches in a group than this say nothing, for or against."
    )
    least_people: int = Field(20, ge=2, description="Fewer people in a group than this say nothing either.")
    alpha: Fraction = Field(
        0.05, description="Most chance that guardrails ever call a harmless policy harmful, over all looks in a phase."
    )
    wait_h: float = Field(24, ge=0, description="After a guardrail broke, no move up for so many hours.")
