"""What other policies would have earned on the searches that were logged.

The estimate is doubly robust over "asked at least this deep" (see `table`): of the target's action, one drawn a
search, without floor, since exploration costs everyone alike. The reward is the whole search's. Where the effective
sample is below `learn.min_effective`, or the log could not have shown the target, no number is given but a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.choose.draw import draw_offers
from ltrr_opensearch.choose.logged import offers
from ltrr_opensearch.evaluate.direct import DirectModel
from ltrr_opensearch.evaluate.estimators import ESTIMATORS, Evidence, Terms, drs, effective_sample
from ltrr_opensearch.evaluate.intervals import Interval, bootstrap, bootstrap_difference, empirical_bernstein
from ltrr_opensearch.evaluate.table import Rungs, Table
from ltrr_opensearch.logged import Round
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

Half = NDArray[np.bool_]
"""Which searches an action is chosen on."""

LOGGED = "as logged"
"""What happened, exploration included: its value is a plain mean."""
BEST_CONSTANT = "best constant"
"""The same depths for everyone; chosen on one half of the searches and judged on the other, both ways."""
ORIGINAL_ONLY = "original only"
"""The client's own query at the safe depth, nothing else."""


@dataclass(frozen=True)
class Row:
    """One policy. `value` is reward a search, `None` where the log does not support it, for the reason `refused`."""

    name: str
    value: float | None
    interval: Interval | None
    effective: float
    candidates: float
    """Mean of the candidates that it draws a search."""
    terms: Terms
    estimates: Mapping[str, float]
    """By every estimator, for comparison."""
    bounded: Interval | None = None
    """Empirical Bernstein, of what was logged only: weights have no useful bound."""
    refused: str = ""


@dataclass(frozen=True)
class Report:
    rows: tuple[Row, ...]
    rounds: int
    left_out: int
    """Rounds without exploration, or drawn from another ladder."""
    seed: int

    def row(self, name: str) -> Row:
        return next(r for r in self.rows if r.name == name)

    def difference(self, name: str, than: str) -> tuple[float, Interval] | None:
        """How much more `name` earns, paired by search; None where one of them was refused."""
        a, b = self.row(name), self.row(than)
        if a.value is None or b.value is None:
            return None
        return a.value - b.value, bootstrap_difference(a.terms, b.terms, self.seed)

    def to_json(self) -> Json:
        return {
            "rounds": self.rounds,
            "left_out": self.left_out,
            "policies": {
                r.name: {
                    "value": r.value,
                    "interval": list(r.interval) if r.interval else None,
                    "effective_sample": round(r.effective, 1),
                    "candidates": round(r.candidates, 1),
                    "estimates": dict(r.estimates),
                    "refused": r.refused,
                }
                for r in self.rows
            },
        }


def compare(policies: Mapping[str, Policy], rounds: Iterable[Round], settings: Settings) -> Report:
    """The policies beside what was logged, the best constant action and the client's own query alone."""
    table = Table.of(rounds, settings)
    seed = settings.learn.seed
    if not table.rounds:
        return Report((), 0, table.left_out, seed)
    model = DirectModel.fitted(table)
    constants = {
        BEST_CONSTANT: _best_constant(table, model),
        ORIGINAL_ONLY: _constant(table, _plan_names(table), {_first_plan(table): settings.choose.safe_depth}),
    }
    targets = {name: drawn_by(policy, table, settings) for name, policy in policies.items()} | constants
    rows = [_row(name, rungs, table, model, settings) for name, rungs in targets.items()]
    return Report((_logged(table, seed), *rows), len(table.rounds), table.left_out, seed)


def drawn_by(policy: Policy, table: Table, settings: Settings) -> Rungs:
    """The action that the policy draws for each logged search, under the budget and masks of serving."""
    choose = settings.choose.model_copy(update={"floor": 0.0})
    rungs = np.zeros_like(table.drawn)
    for row, decision in enumerate(table.decisions):
        drawn = draw_offers(policy, offers(decision), decision.context, choose, settings.learn.seed + row, explore=True)
        rungs[row, : len(drawn.slots)] = [choose.ladder.index(s.depth) for s in drawn.slots]
    return rungs


def _row(name: str, rungs: Rungs, table: Table, model: DirectModel, settings: Settings) -> Row:
    evidence = Evidence(table.nested_weights(rungs), table.rewards(rungs), model.rewards(rungs))
    terms, effective = drs(evidence), effective_sample(evidence.weights)
    estimates = {n: e(evidence).value for n, e in ESTIMATORS.items()} if effective else {}
    candidates = float(table.ladder[rungs].sum(axis=1).mean())
    if effective < settings.learn.min_effective:
        refused = (
            f"the {len(table.rounds)} searches weigh as {effective:.0f}, fewer than learn.min_effective "
            f"{settings.learn.min_effective:g}; log more searches or raise choose.floor"
        )
        return Row(name, None, None, effective, candidates, terms, estimates, refused=refused)
    return Row(name, terms.value, bootstrap(terms, settings.learn.seed), effective, candidates, terms, estimates)


def _logged(table: Table, seed: int) -> Row:
    rewards, n = table.rewards(table.drawn), len(table.rounds)
    terms = Terms(rewards, np.ones(n))
    candidates = float(table.ladder[table.drawn].sum(axis=1).mean())
    dearest = table.price_per_candidate * table.budget + float(table.price_of_asking.sum(axis=1).max())
    lost = min(r.loss for r in table.rounds)
    bounded = empirical_bernstein(rewards, lost - dearest, 1.0)
    return Row(LOGGED, terms.value, bootstrap(terms, seed), float(n), candidates, terms, {}, bounded)


def _plan_names(table: Table) -> list[list[str]]:
    return [[s.plan for s in d.slots] for d in table.decisions]


def _first_plan(table: Table) -> str:
    """The plan that is the client's own query; the first slot's where none is."""
    first = next(iter(table.decisions)).slots
    return next((s.plan for s in first if s.original), first[0].plan)


def _constant(table: Table, plans: list[list[str]], depths: Mapping[str, int]) -> Rungs:
    """The same depths for every search; a plan that was not on offer is not asked."""
    ladder = table.ladder.tolist()
    rungs = np.zeros_like(table.drawn)
    for row, names in enumerate(plans):
        rungs[row, : len(names)] = [ladder.index(depths.get(name, 0)) for name in names]
    return rungs


def _best_constant(table: Table, model: DirectModel) -> Rungs:
    plans = _plan_names(table)
    odd = np.arange(len(plans)) % 2 == 1
    best = np.zeros_like(table.drawn)
    for half in (odd, ~odd):
        depths = _ascend(partial(_worth, table, model, plans, half), table, plans)
        best[~half] = _constant(table, plans, depths)[~half]
    return best


def _worth(table: Table, model: DirectModel, plans: list[list[str]], half: Half, depths: Mapping[str, int]) -> float:
    rungs = _constant(table, plans, depths)
    weights, rewards, predicted = table.nested_weights(rungs), table.rewards(rungs), model.rewards(rungs)
    return drs(Evidence(weights[half], rewards[half], predicted[half])).value


def _ascend(worth: Callable[[Mapping[str, int]], float], table: Table, plans: list[list[str]]) -> dict[str, int]:
    """Coordinate ascent, one plan's depth at a time until no change helps, from nothing and from a little of each."""
    names = sorted({name for row in plans for name in row})
    shallow = int(min(table.ladder[1], table.budget // len(names)))
    starts = [dict.fromkeys(names, 0)] + ([dict.fromkeys(names, shallow)] if shallow in table.ladder else [])
    return max((_climb(worth, start, table) for start in starts), key=worth)


def _climb(worth: Callable[[Mapping[str, int]], float], start: dict[str, int], table: Table) -> dict[str, int]:
    depths, best, idle = start, worth(start), 0
    for name in cycle(start):
        if idle >= len(start):
            break
        others = sum(depths.values()) - depths[name]
        tried = {int(d): worth(depths | {name: int(d)}) for d in table.ladder if others + d <= table.budget}
        depth = max(tried, key=lambda d: (tried[d], -d))
        idle = 0 if tried[depth] > best else idle + 1
        if tried[depth] > best:
            depths, best = depths | {name: depth}, tried[depth]
    return depths
