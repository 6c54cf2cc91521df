"""Settings of how depths are drawn: policy, ladder and budget, exploration, what a policy is told."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, model_validator

from ltrr_opensearch.section import Positive, Section, Share

Explorer = Literal["squarecb", "regcb", "cover", "bag", "epsilon", "softmax"]
FactoringName = Literal["sequential", "independent", "profiles"]
FeatureGroup = Literal[
    "text",
    "readings",
    "memory",
    "asker",
    "time",
    "season",
    "user",
    "query",
    "plan",
    "overall",
    "by_kind",
    "by_query",
    "by_user",
    "entities",
]


UNPROVEN: tuple[FeatureGroup, ...] = ("season", "user", "by_user", "entities")
"""Groups that cost every draw time and gained nothing where they were measured (docs/learning-to-retrieve.md)."""
DEFAULT_FEATURES: tuple[FeatureGroup, ...] = tuple(g for g in get_args(FeatureGroup) if g not in UNPROVEN)


class ChooseSettings(Section):
    policy: str = Field(
        "direct",
        description="direct, vowpal, lints, linucb; without context thompson, greedy; not learning fixed, uniform; "
        "or an entry point's name.",
    )
    ladder: tuple[int, ...] = Field((0, 10, 50, 200), description="Depths to draw from, ascending; the first is 0.")
    budget: int = Field(400, ge=1, description="Most candidates of one search, over all plans.")
    safe_depth: int = Field(50, description="Depth of every plan before anything was learned; a rung of the ladder.")
    factoring: FactoringName = Field(
        "sequential",
        description="How an action is put together: slots that see what was drawn before, slots that do not, "
        "or one of a list of profiles.",
    )
    profiles: dict[str, dict[str, int]] = Field(
        default_factory=dict,
        description="Depths by plan of each named profile, 0 for plans not named; empty: derived from the log.",
    )
    explorer: Explorer = Field("squarecb", description="How policy vowpal turns what it expects into probabilities.")
    vowpal_arguments: str | None = Field(
        None, description="Arguments of policy vowpal instead of the explorer's; must hold --cb_explore_adf."
    )
    floor: Share = Field(
        0.05, description="Uniform probability mixed into every slot, so that the log supports evaluation."
    )
    explore_share: Share = Field(
        1.0,
        description="Share of searches that may explore; the others take each slot's most likely depth, and give no "
        "place to what is fresh or near (fresh_share and near_share are of those that may).",
    )
    explore_loss: Positive | None = Field(
        None, description="Most reward that exploring may cost a search, as the policy expects it; default: no limit."
    )
    fresh_share: Share = Field(
        0.02, description="Share of searches that give one place of the page to something new or rarely shown; 0: none."
    )
    near_share: Share = Field(
        0.0,
        description="Share of searches that give one place of the page to one of the 40 candidates behind it: clicks "
        "tell nothing of what is never shown; 0: none. 0.02 to 0.2 where clicks shall teach more.",
    )
    features: tuple[FeatureGroup, ...] = Field(
        DEFAULT_FEATURES,
        description="Groups of features that policies see (docs/features.md); without `query` all queries are new.",
    )
    apprentice_rounds: int = Field(
        10_000,
        ge=0,
        description="Rounds after which what was learned draws half of the time, the safe plan the other half.",
    )
    warm_share: Share = Field(
        0.5,
        description="Most of apprentice_rounds that searches of the time before us may count for (ltrr warm-start).",
    )
    gamma: Positive = Field(
        1000.0, description="How sharply the direct policy prefers the best rung; larger explores less."
    )

    @model_validator(mode="after")
    def _ladder_is_one(self) -> ChooseSettings:
        rising = all(a < b for a, b in zip(self.ladder, self.ladder[1:], strict=False))
        if self.ladder[:1] != (0,) or not rising or len(self.ladder) < 2:
            raise ValueError(f"ladder must start with 0 and rise, like [0, 10, 50, 200]; got {list(self.ladder)}")
        if self.safe_depth not in self.ladder:
            raise ValueError(f"safe_depth {self.safe_depth} must be a rung of the ladder {list(self.ladder)}")
        return self

    @model_validator(mode="after")
    def _profiles_fit(self) -> ChooseSettings:
        for name, depths in self.profiles.items():
            if odd := sorted(set(depths.values()) - set(self.ladder)):
                raise ValueError(f"profile {name!r} asks {odd} deep; allowed: rungs of the ladder {list(self.ladder)}")
            if sum(depths.values()) > self.budget:
                raise ValueError(f"profile {name!r} asks {sum(depths.values())} in all, more than budget {self.budget}")
        return self

    @model_validator(mode="after")
    def _arguments_explore(self) -> ChooseSettings:
        if self.vowpal_arguments is not None and "--cb_explore_adf" not in self.vowpal_arguments.split():
            raise ValueError(f"vowpal_arguments {self.vowpal_arguments!r} must hold --cb_explore_adf")
        return self
