"""Trains what draws depths: the bandit, or one of the policies that it is measured against.

The same rounds, settings and seed give the same bytes. Training goes on from the previous part where that was trained
with the same arguments, ladder, factoring and features; else it starts anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import Any

from ltrr_opensearch.choose import examples
from ltrr_opensearch.choose.apprentice import trust_after
from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.direct import NAME as DIRECT
from ltrr_opensearch.choose.explorers import compares, explorer_arguments
from ltrr_opensearch.choose.factoring import profiles_in, rungs_for
from ltrr_opensearch.choose.registry import LEARNING
from ltrr_opensearch.choose.vowpal import Teacher, Trust, VowpalPolicy, stored_checks, workspace
from ltrr_opensearch.errors import DataError, SettingsError
from ltrr_opensearch.learn.credit import Labelled, labelled, labelled_alone
from ltrr_opensearch.learn.direct import learned
from ltrr_opensearch.learn.parts import continued, counting, kept_profiles
from ltrr_opensearch.learn.peers import train_linear, train_table
from ltrr_opensearch.learn.profiles import profiles_for
from ltrr_opensearch.learn.unseen import as_new
from ltrr_opensearch.learn.whole import labelled_whole
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json, Slot

_CHECKS = 5
"""Slots stored with their predictions."""
_PEERS = {"greedy": train_table, "thompson": train_table, "lints": train_linear, "linucb": train_linear}


def train_policy(
    rounds: Iterable[Round], settings: Settings, previous: Part | None = None, *, at_most: int | None = None
) -> Part:
    """The policy after `rounds`, each given once over the runs; rounds of another ladder are left out.

    `at_most`: all its rounds so far count for no more of the apprenticeship than so many (`choose.apprentice_rounds`).
    """
    choose = settings.choose
    usable = sorted(
        (r for r in rounds if r.decision.ladder == choose.ladder), key=lambda r: (r.decision.at, r.decision.query_id)
    )
    if choose.policy not in LEARNING:
        raise SettingsError(f"choose.policy {choose.policy!r} does not learn; those that do: {', '.join(LEARNING)}")
    if not usable:
        raise DataError(
            f"no round with the ladder {list(choose.ladder)} to train the policy from; search and click first"
        )
    meta: Json = {"ladder": list(choose.ladder), "features": examples.VERSION, "factoring": choose.factoring}
    if choose.policy == DIRECT:
        return learned(usable, settings, previous, at_most).part()
    if choose.factoring == "profiles":
        meta["profiles"] = _profiles(usable, settings, previous)
    if choose.policy == "vowpal":
        return _train_vowpal(usable, settings, previous, meta, at_most)
    return _train_peer(usable, settings, previous, meta, at_most)


def _train_vowpal(
    rounds: Sequence[Round], settings: Settings, previous: Part | None, meta: Json, at_most: int | None
) -> Part:
    choose, learn = settings.choose, settings.learn
    meta["arguments"] = [*explorer_arguments(choose, learn), "--random_seed", str(learn.seed)]
    meta |= {"labels": learn.labels, "valued": choose.explore_loss is not None}
    before = continued(previous, "vowpal", meta)
    learner = workspace([*meta["arguments"], *examples.interaction_arguments()], before.payload if before else None)
    slots = _learn(learner, rounds, settings, meta)
    seen, new = len(rounds), sum(ASKED not in r.decision.context for r in rounds)
    if before:
        seen, new = seen + before.meta["rounds"], new + before.meta["new_rounds"]
    seen, new = counting(seen, at_most), counting(new, at_most)
    trust = Trust(*(trust_after(n, choose.apprentice_rounds) for n in (seen, new)))
    meta |= {"rounds": seen, "new_rounds": new, "trust": trust}
    if meta["valued"]:
        taught = chain.from_iterable(map(_labeller(settings, meta), rounds))
        meta["worth"] = train_table(taught, learn, before.meta["worth"].encode() if before else None).decode()
    payload = learner.serialize()
    drawn_from = rungs_for(profiles_in(meta), choose.ladder, choose.safe_depth)
    policy = VowpalPolicy(payload, *drawn_from, trust)
    return _part(rounds, "vowpal", payload, meta, stored_checks(policy, slots))


def _learn(learner: Any, rounds: Sequence[Round], settings: Settings, meta: Json) -> list[Slot]:
    """Shows every labelled rung to the learner, of each search as it was and as if its query were new.

    Returns the last slots seen.

    Labels go in as if certain unless the settings say otherwise: each rung has weights of its own and sees all that its
    draw depended on, so weighting by 1 / probability adds no truth, only noise (measured in docs/learning-loop.md).
    """
    teacher = Teacher(learner, compares=compares(settings.choose))
    label, certain = _labeller(settings, meta), settings.learn.labels == "certain"
    last: deque[Slot] = deque(maxlen=_CHECKS)
    for one in chain.from_iterable((r, as_new(r)) for r in rounds):
        for slot, labels in label(one) if one else ():
            teacher.learn(slot, [(rung, -reward, 1.0 if certain else p) for rung, reward, p in labels])
            last.append(slot)
    return list(last)


def _train_peer(
    rounds: Sequence[Round], settings: Settings, previous: Part | None, meta: Json, at_most: int | None
) -> Part:
    meta["half_life_searches"] = settings.learn.half_life_searches
    before = continued(previous, settings.choose.policy, meta)
    taught = chain.from_iterable(map(_labeller(settings, meta), rounds))
    payload = _PEERS[settings.choose.policy](taught, settings.learn, before.payload if before else None)
    meta["rounds"] = counting(len(rounds) + (before.meta["rounds"] if before else 0), at_most)
    return _part(rounds, settings.choose.policy, payload, meta, {})


def _labeller(settings: Settings, meta: Json) -> Callable[[Round], Labelled]:
    """What labels a round for the factoring."""
    learn = settings.learn
    match settings.choose.factoring:
        case "sequential":
            return partial(labelled, learn=learn)
        case "independent":
            return partial(labelled_alone, learn=learn)
        case "profiles":
            return partial(labelled_whole, learn=learn, budget=settings.choose.budget, profiles=profiles_in(meta))


def _profiles(rounds: Sequence[Round], settings: Settings, previous: Part | None) -> list[Any]:
    """Name and depths of each: those that were learned before, unless the settings now name others."""
    kept = kept_profiles(previous, settings)
    return kept or [[p.name, dict(p.depths)] for p in profiles_for(rounds, settings)]


def _part(rounds: Sequence[Round], algorithm: str, payload: bytes, meta: Json, checks: Json) -> Part:
    """Dated by the youngest round and named by its content, so that training again gives the same part."""
    last = rounds[-1].decision
    return Part.of("policy", last.index, algorithm, payload, last.at, meta, checks)
