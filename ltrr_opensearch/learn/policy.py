"""Trains what draws depths: the bandit, or the table of the baseline without context.

The same rounds, settings and seed give the same bytes. Training goes on from the previous part where that was trained
with the same arguments, ladder and features; else it starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import chain
from typing import Any

import orjson

from ltrr_opensearch.choose import examples
from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.vowpal import Trust, VowpalPolicy, parser, set_label, stored_checks, workspace
from ltrr_opensearch.errors import DataError, SettingsError
from ltrr_opensearch.knowledge.outcomes import Outcomes
from ltrr_opensearch.learn.credit import labelled
from ltrr_opensearch.learn.outcomes import updated
from ltrr_opensearch.learn.unseen import as_new
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json, Slot

_CHECKS = 5
"""Slots stored with their predictions."""


def train_policy(rounds: Iterable[Round], settings: Settings, previous: Part | None = None) -> Part:
    """The policy after `rounds`, each given once over the runs; rounds of another ladder are left out."""
    ladder = settings.choose.ladder
    usable = sorted(
        (r for r in rounds if r.decision.ladder == ladder), key=lambda r: (r.decision.at, r.decision.query_id)
    )
    if not usable:
        raise DataError(f"no round with the ladder {list(ladder)} to train the policy from; search and click first")
    if settings.choose.policy == "vowpal":
        return _train_vowpal(usable, settings, previous)
    if settings.choose.policy == "greedy":
        return _train_greedy(usable, settings, previous)
    if settings.choose.policy == "direct":
        return _train_direct(usable, settings, previous)
    raise SettingsError(
        f"choose.policy {settings.choose.policy!r} does not learn; those that do: vowpal, direct, greedy"
    )


def _train_vowpal(rounds: Sequence[Round], settings: Settings, previous: Part | None) -> Part:
    choose = settings.choose
    meta: Json = {
        "arguments": [*choose.vowpal_arguments.split(), "--random_seed", str(settings.learn.seed)],
        "ladder": list(choose.ladder),
        "features": examples.VERSION,
    }
    before = _continued(previous, "vowpal", meta)
    learner = workspace([*meta["arguments"], *examples.interaction_arguments()], before.payload if before else None)
    slots = _learn(learner, rounds, settings)
    seen, new = len(rounds), sum(ASKED not in r.decision.context for r in rounds)
    if before:
        seen, new = seen + before.meta["rounds"], new + before.meta["new_rounds"]
    safe = choose.apprentice_rounds
    trust = Trust(*(n / (n + safe) if safe else 1.0 for n in (seen, new)))
    meta |= {"rounds": seen, "new_rounds": new, "trust": trust}
    payload = learner.serialize()
    policy = VowpalPolicy(payload, choose.ladder, choose.safe_depth, trust)
    return _part(rounds, "vowpal", payload, meta, stored_checks(policy, slots[-_CHECKS:]))


def _learn(learner: Any, rounds: Sequence[Round], settings: Settings) -> list[Slot]:
    """Shows every labelled rung to the learner, of each search as it was and as if its query were new.

    Returns the last slots seen.

    Labels go in as if certain: each rung has weights of its own and sees all that its draw depended on, so weighting
    by 1 / probability adds no truth, only noise (measured in docs/learning-loop.md).
    """
    parse = parser(learner)
    last: list[Slot] = []
    for one in chain.from_iterable((r, as_new(r)) for r in rounds):
        for slot, labels in labelled(one, settings.learn) if one else ():
            lines, rungs = examples.lines(slot)
            example = [parse.parse_line(line) for line in lines]
            for label in labels:
                action = example[1 + rungs.index(label.rung)]
                set_label(action, -label.reward)
                learner.learn_one(example)
                set_label(action)
            last = [*last[1 - _CHECKS :], slot]
    return last


def _train_greedy(rounds: Sequence[Round], settings: Settings, previous: Part | None) -> Part:
    """Weighted mean rewards per strategy and rung; a rung never shown keeps the mean 0 of not asking."""
    meta: Json = {"ladder": list(settings.choose.ladder), "features": examples.VERSION}
    before = _continued(previous, "greedy", meta)
    table: Json = orjson.loads(before.payload) if before else {}
    size = len(settings.choose.ladder)
    for one in rounds:
        for slot, labels in labelled(one, settings.learn):
            row = table.setdefault(slot.strategy, {"sum": [0.0] * size, "weight": [0.0] * size})
            for rung, reward, probability in labels:
                row["sum"][rung] += reward / probability
                row["weight"][rung] += 1 / probability
    for row in table.values():
        row["mean"] = [s / w if w else 0.0 for s, w in zip(row["sum"], row["weight"], strict=True)]
    meta["rounds"] = len(rounds) + (before.meta["rounds"] if before else 0)
    return _part(rounds, "greedy", orjson.dumps(table, option=orjson.OPT_SORT_KEYS), meta, {})


def _train_direct(rounds: Sequence[Round], settings: Settings, previous: Part | None) -> Part:
    choose, learn = settings.choose, settings.learn
    meta: Json = {
        "ladder": list(choose.ladder),
        "features": examples.VERSION,
        "price_per_candidate": learn.price_per_candidate,
        "price_per_plan": 0.0,
        "free": ["original"],
        "gamma": choose.gamma,
    }
    before = _continued(previous, "direct", meta)
    outcomes = updated(Outcomes.from_bytes(before.payload) if before else Outcomes(), rounds, choose.ladder, learn)
    seen = len(rounds) + (before.meta["rounds"] if before else 0)
    safe = choose.apprentice_rounds
    meta |= {"rounds": seen, "trust": seen / (seen + safe) if safe else 1.0}
    return _part(rounds, "direct", outcomes.to_bytes(), meta, {})


def _continued(previous: Part | None, algorithm: str, meta: Json) -> Part | None:
    """The previous part, if it was trained as this one will be."""
    if previous is None or previous.algorithm != algorithm:
        return None
    return previous if all(previous.meta.get(key) == value for key, value in meta.items()) else None


def _part(rounds: Sequence[Round], algorithm: str, payload: bytes, meta: Json, checks: Json) -> Part:
    """Dated by the youngest round and named by its content, so that training again gives the same part."""
    digest = sha256(payload).hexdigest()
    last = rounds[-1].decision
    return Part("policy", last.index, digest[:12], algorithm, payload, digest, last.at, meta, checks)
