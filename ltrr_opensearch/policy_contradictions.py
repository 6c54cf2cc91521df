"""Settings of policies that are each allowed and make no sense together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ltrr_opensearch.settings import Settings

Contradiction = tuple[Sequence[int | str], str]
"""(location of the key, what is wrong with it and what to do)."""
FORGETTING = ("lints", "linucb", "thompson", "greedy")
OUR_POLICIES = ("direct", "vowpal", *FORGETTING, "fixed", "uniform")
OF_POLICIES: Mapping[tuple[str, str], Sequence[str]] = {
    ("choose", "explorer"): ("vowpal",),
    ("choose", "vowpal_arguments"): ("vowpal",),
    ("choose", "gamma"): ("direct",),
    ("learn", "labels"): ("vowpal",),
    ("learn", "half_life_searches"): FORGETTING,
}
"""What is of some of our policies alone. Of what others' policies read we know nothing."""


def of_policies(settings: Settings) -> Iterator[Contradiction]:
    choose = settings.choose
    if choose.budget < choose.safe_depth:
        yield (
            ("choose", "budget"),
            f"{choose.budget} does not allow even one plan at safe_depth {choose.safe_depth}; raise it, at best to "
            "safe_depth times the number of strategies",
        )
    yield from _of_others(settings)
    if choose.vowpal_arguments is not None and "explorer" in choose.model_fields_set:
        yield ("choose", "explorer"), "is replaced by choose.vowpal_arguments; leave one of them out"
    if choose.profiles and choose.factoring != "profiles":
        also = " and policy vowpal" if choose.policy == "direct" else ""
        yield (
            ("choose", "profiles"),
            f"are not drawn by factoring {choose.factoring}; take them out, or choose factoring profiles{also}",
        )
    if choose.policy == "direct" and choose.factoring != "sequential":
        yield (
            ("choose", "factoring"),
            f"policy direct values whole actions, not {choose.factoring}; choose sequential, or policy vowpal",
        )


def _of_others(settings: Settings) -> Iterator[Contradiction]:
    """What was given and the policy never looks at."""
    policy = settings.choose.policy
    for (section, name), users in OF_POLICIES.items():
        given = name in getattr(settings, section).model_fields_set
        if given and policy in OUR_POLICIES and policy not in users and not _fading(settings, name):
            others = " or ".join(users)
            yield (section, name), f"says nothing to policy {policy}; leave it out, or choose policy {others}"


def _fading(settings: Settings, name: str) -> bool:
    """Whether it says how fast that fades which vowpal expects exploring to cost, a table of mean rewards."""
    choose = settings.choose
    return name == "half_life_searches" and choose.policy == "vowpal" and choose.explore_loss is not None
