"""The profiles to draw from where the settings name none: constants that a log shows to be good.

The best constant action of all searches and of each kind of query with enough of them, estimated as policies are
(`evaluate.off_policy`), beside the safe plan, every plan at the least depth, and the client's own query alone. They are
derived once and kept while training goes on, since what was learned is about them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle

from ltrr_opensearch.choose.factoring import SAFE
from ltrr_opensearch.choose.profiles import Profile
from ltrr_opensearch.evaluate.direct import DirectModel
from ltrr_opensearch.evaluate.estimators import Evidence, drs
from ltrr_opensearch.evaluate.table import Rungs, Table
from ltrr_opensearch.kinds import kind_in
from ltrr_opensearch.logged import Round
from ltrr_opensearch.settings import Settings

ORIGINAL, SHALLOW, BEST = "original", "shallow", "best"
MOST_SEARCHES = 2000
"""The newest that are looked at, of each kind."""


def profiles_for(rounds: Sequence[Round], settings: Settings) -> list[Profile]:
    """The configured profiles or the log's, always with the safe plan and the client's own query alone."""
    choose, plans = settings.choose, _plans(rounds)
    shallow = _even(plans, choose.ladder[1], settings)
    own = {s.plan: choose.safe_depth for r in rounds for s in r.decision.slots if s.original}
    first = [Profile(SAFE, _even(plans, choose.safe_depth, settings)), Profile(ORIGINAL, own)]
    if choose.profiles:
        return _different([*first, *(Profile(name, dict(depths)) for name, depths in choose.profiles.items())])
    found = [Profile(name, _best_constant(some, plans, shallow, settings)) for name, some in _groups(rounds, settings)]
    return _different([*first, Profile(SHALLOW, shallow), *found])


def _plans(rounds: Iterable[Round]) -> list[str]:
    """In the order in which they are drawn, as far as searches agree."""
    return list(dict.fromkeys(s.plan for r in rounds for s in r.decision.slots))


def _even(plans: Sequence[str], depth: int, settings: Settings) -> dict[str, int]:
    """Every plan at the depth, or at what the budget still allows."""
    left, depths = settings.choose.budget, {}
    for plan in plans:
        depths[plan] = max(d for d in settings.choose.ladder if d <= min(depth, left))
        left -= depths[plan]
    return depths


def _groups(rounds: Sequence[Round], settings: Settings) -> Iterable[tuple[str, Sequence[Round]]]:
    by_kind: defaultdict[str, list[Round]] = defaultdict(list)
    for one in rounds:
        by_kind[kind_in(one.decision.context)].append(one)
    yield BEST, rounds[-MOST_SEARCHES:]
    for kind, some in sorted(by_kind.items()):
        if kind and len(some) >= settings.learn.min_rounds:
            yield f"{BEST} for {kind}", some[-MOST_SEARCHES:]


def _best_constant(
    rounds: Sequence[Round], plans: Sequence[str], start: Mapping[str, int], settings: Settings
) -> dict[str, int]:
    """Coordinate ascent over the plans' depths from `start`, until no single change helps."""
    table = Table.of(rounds, settings)
    depths, idle = dict(start), 0
    if not table.rounds:
        return depths
    model = DirectModel.fitted(table)
    best = _worth(table, model, depths)
    for plan in cycle(plans):
        if idle >= len(plans):
            return depths
        room = settings.choose.budget - sum(depths.values()) + depths[plan]
        tried = {d: _worth(table, model, depths | {plan: d}) for d in settings.choose.ladder if d <= room}
        depth = max(tried, key=lambda d: (tried[d], -d))
        idle = 0 if tried[depth] > best else idle + 1
        if tried[depth] > best:
            depths, best = depths | {plan: depth}, tried[depth]
    return depths


def _worth(table: Table, model: DirectModel, depths: Mapping[str, int]) -> float:
    rungs = _rungs(table, depths)
    return drs(Evidence(table.nested_weights(rungs), table.rewards(rungs), model.rewards(rungs))).value


def _rungs(table: Table, depths: Mapping[str, int]) -> Rungs:
    ladder = table.ladder.tolist()
    rungs = table.drawn * 0
    for row, decision in enumerate(table.decisions):
        for column, slot in enumerate(decision.slots):
            rungs[row, column] = ladder.index(depths.get(slot.plan, 0))
    return rungs


def _different(profiles: Iterable[Profile]) -> list[Profile]:
    """Without those that ask the same as an earlier one, and without names given twice."""
    kept: dict[str, Profile] = {}
    asked: set[tuple[tuple[str, int], ...]] = set()
    for profile in profiles:
        depths = tuple(sorted((plan, depth) for plan, depth in profile.depths.items() if depth))
        if depths not in asked and profile.name not in kept:
            asked.add(depths)
            kept[profile.name] = profile
    return list(kept.values())
