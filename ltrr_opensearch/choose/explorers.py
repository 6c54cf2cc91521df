"""How Vowpal Wabbit explores: the arguments of each named explorer.

All but cover learn the same regression of costs on the same features; they differ in how they turn predicted costs into
probabilities. Figures that chose the constants are in docs/learning-to-retrieve.md.
"""

from __future__ import annotations

from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.learn_settings import LearnSettings

EXPLORERS = {
    # inverse gap weighting (Foster & Rakhlin 2020)
    "squarecb": ("--squarecb", "--gamma_scale", "1000"),
    # optimism within the costs' confidence bounds (Foster et al. 2018)
    "regcb": ("--regcb", "--regcbopt", "--mellowness", "0.001"),
    # policies that differ on purpose (Agarwal et al. 2014)
    "cover": ("--cover", "3", "--psi", "0.01", "--nounif"),
    # policies trained on bootstrap samples (Eckles & Kaptein 2014)
    "bag": ("--bag", "5"),
    "epsilon": ("--epsilon", "0.02"),
    # Boltzmann exploration; costs differ by thousandths, hence so cold
    "softmax": ("--softmax", "--lambda", "200"),
}


REGRESSION = ("--cb_type", "mtr", "--learning_rate", "0.125")
COMPARISON = ("--cb_type", "dr")


def explorer_arguments(choose: ChooseSettings, learn: LearnSettings) -> list[str]:
    """The learner's arguments, but for its features and its seed."""
    if choose.vowpal_arguments is not None:
        return choose.vowpal_arguments.split()
    arguments = ["--cb_explore_adf", *(COMPARISON if compares(choose) else REGRESSION), *EXPLORERS[choose.explorer]]
    if choose.explorer == "regcb":
        # without the range of costs it explores for ever
        arguments += ["--cb_min_cost", "-1", "--cb_max_cost", f"{dearest(choose, learn):g}"]
    return arguments


def dearest(choose: ChooseSettings, learn: LearnSettings) -> float:
    """The highest price of a search, in units of reward: a budget of candidates, in as many plans as it allows."""
    plans = choose.budget // choose.ladder[1]
    return learn.price_per_candidate * choose.budget + learn.price_per_plan * plans


def compares(choose: ChooseSettings) -> bool:
    """Whether learning a rung looks at the others. A regression does not, so that its rung alone is shown to it."""
    return choose.explorer == "cover" or choose.vowpal_arguments is not None
