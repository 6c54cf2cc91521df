"""What each profile would have earned in a search, where the log shows it: labels of the whole action at once."""

from __future__ import annotations

from collections.abc import Sequence

from ltrr_opensearch.choose.logged import by_policy
from ltrr_opensearch.choose.profiles import Profile, whole
from ltrr_opensearch.evaluate.outcomes import found_gain, gained, known_rungs, price
from ltrr_opensearch.learn.credit import Labelled, checked_label
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Decision, Round


def labelled_whole(one: Round, learn: LearnSettings, budget: int, profiles: Sequence[Profile]) -> Labelled:
    """One slot, whose rungs are the profiles, paid the reward of the search."""
    one = by_policy(one)
    decision, objects = one.decision, gained(one)
    slot = whole(decision.context, len(profiles))
    labels = []
    for number, profile in enumerate(profiles):
        if probability := shown(decision, profile, budget):
            prices = sum(price(s, profile.depths.get(s.plan, 0), learn) for s in decision.slots)
            reward = found_gain(objects, profile.depths) + one.loss - prices
            labels.append(checked_label(decision.query_id, slot.plan, number, reward, probability))
    yield slot, labels


def shown(decision: Decision, profile: Profile, budget: int) -> float:
    """The probability with which a log shows the profile's outcome, 0 if this search does not.

    At each slot, given the draws before it: asked at least as deep as the profile, leaving budget for its rest.
    """
    depths = [profile.depths.get(s.plan, 0) for s in decision.slots]
    rest, left, probability = sum(depths), budget, 1.0
    for slot, depth in zip(decision.slots, depths, strict=True):
        rest -= depth
        shows = [depth <= d <= left - rest for d in decision.ladder]
        drawn = decision.ladder.index(slot.depth)
        if not shows[drawn] or decision.ladder.index(depth) not in known_rungs(slot, decision.ladder):
            return 0.0
        probability *= sum(p for p, ok in zip(slot.pmf, shows, strict=True) if ok)
        left -= slot.depth
    return probability
