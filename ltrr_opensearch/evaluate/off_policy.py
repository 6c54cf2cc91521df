"""What other policies would have earned on the searches that were logged.

Estimated is the target's action, one drawn a search, without floor, since exploration costs everyone alike. The reward
is the whole search's. Where the log cannot support a number, the reason is given instead (`support`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.choose.draw import draw_offers
from ltrr_opensearch.choose.logged import offers
from ltrr_opensearch.evaluate.constant import best_constant, constant
from ltrr_opensearch.evaluate.direct import DirectModel
from ltrr_opensearch.evaluate.estimators import ESTIMATORS, SEQUENTIAL
from ltrr_opensearch.evaluate.evidence import Evidence, gather
from ltrr_opensearch.evaluate.intervals import INTERVALS, Interval, Sample
from ltrr_opensearch.evaluate.support import LARGEST_GAP, Support, refusal, support
from ltrr_opensearch.evaluate.table import Rungs, Table
from ltrr_opensearch.evaluate.weights import WEIGHINGS
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Round
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

LOGGED = "as logged"
"""What happened, exploration included: its value is a plain mean."""
BEST_CONSTANT = "best constant"
"""The same depths for everyone, of those that the log can judge; chosen on one half of the people and judged on the
other, both ways."""
UNTOUCHED = "untouched query"
"""The client's own query at the safe depth, nothing else; only where (nearly) every search had it on offer."""


@dataclass(frozen=True)
class How:
    """Names of an estimator, of its weights, and of its interval."""

    estimator: str = SEQUENTIAL
    weights: str = "nested"
    interval: str = "student"

    def __str__(self) -> str:
        return f"Estimator {self.estimator}, {self.weights} weights, interval {self.interval}."


DEFAULT = How()


@dataclass(frozen=True)
class Row:
    """One policy. `value` is reward a search, `None` where the log does not support it, for the reason `refused`."""

    name: str
    value: float | None
    interval: Interval | None
    support: Support
    candidates: float
    """Mean of the candidates that it draws a search."""
    sample: Sample
    estimates: Mapping[str, float]
    """By every estimator, for comparison."""
    refused: str = ""

    def to_json(self) -> Json:
        return {
            "value": self.value,
            "interval": list(self.interval) if self.interval else None,
            "candidates": round(self.candidates, 1),
            "estimates": dict(self.estimates),
            "refused": self.refused,
            **self.support.to_json(),
        }


@dataclass(frozen=True)
class Report:
    rows: tuple[Row, ...]
    rounds: int
    people: int
    """Those whose searches count together; as many as searches where the log names nobody."""
    left_out: int
    """Rounds without exploration, or drawn from another ladder."""
    how: How
    seed: int
    no_own_query: str = ""
    """Why there is no row for the untouched query, where there is none."""

    def row(self, name: str) -> Row:
        return next(r for r in self.rows if r.name == name)

    @property
    def references(self) -> tuple[str, ...]:
        """The rows that every policy is set beside."""
        return (BEST_CONSTANT,) if self.no_own_query else (UNTOUCHED, BEST_CONSTANT)

    def difference(self, name: str, than: str) -> tuple[float, Interval] | None:
        """How much more `name` earns, paired by search; None where one of them was refused."""
        a, b = self.row(name), self.row(than)
        if a.value is None or b.value is None:
            return None
        return a.value - b.value, INTERVALS[self.how.interval](a.sample.less(b.sample), seed=self.seed)

    def to_json(self) -> Json:
        named = {"estimator": self.how.estimator, "weights": self.how.weights, "interval": self.how.interval}
        return {
            **named,
            "rounds": self.rounds,
            "people": self.people,
            "left_out": self.left_out,
            "no_own_query": self.no_own_query,
            "policies": {
                r.name: {**r.to_json(), "differences": {than: self._told(r.name, than) for than in self._beside(r)}}
                for r in self.rows
            },
        }

    def _beside(self, row: Row) -> list[str]:
        return [name for name in self.references if name != row.name]

    def _told(self, name: str, than: str) -> Json | None:
        found = self.difference(name, than)
        return {"value": found[0], "interval": list(found[1])} if found else None


def compare(policies: Mapping[str, Policy], rounds: Iterable[Round], settings: Settings, how: How = DEFAULT) -> Report:
    """The policies beside what was logged, the best constant action and the client's own query alone."""
    table, seed = Table.of(rounds, settings), settings.learn.seed
    if not len(table):
        return Report((), 0, 0, table.left_out, how, seed)
    model = DirectModel.fitted(table)
    everyone = np.ones(len(table), np.bool_)
    drawn = {name: drawn_by(policy, table, settings, everyone) for name, policy in policies.items()}
    simple, lacking = {BEST_CONSTANT: best_constant(table, settings.learn.min_effective)}, _no_own_query(table)
    if not lacking:
        simple[UNTOUCHED] = constant(table, dict.fromkeys(_own_plans(table), settings.choose.safe_depth))
    rows = [estimated(name, rungs, table, model, settings, how) for name, rungs in (drawn | simple).items()]
    found = (logged(table, settings, how), *rows)
    return Report(found, len(table), int(table.people.max()) + 1, table.left_out, how, seed, lacking)


def drawn_by(policy: Policy, table: Table, settings: Settings, asked: NDArray[np.bool_]) -> Rungs:
    """The action that the policy draws for each search that is `asked`, under the budget and masks of serving."""
    choose = settings.choose.model_copy(update={"floor": 0.0})
    rung = {depth: place for place, depth in enumerate(choose.ladder)}
    rungs = np.zeros_like(table.drawn)
    for row, decision in enumerate(table.decisions):
        if asked[row]:
            seed = settings.learn.seed + row
            drawn = draw_offers(policy, offers(decision), decision.context, choose, seed, explore=True)
            rungs[row, : len(drawn.slots)] = [rung[s.depth] for s in drawn.slots]
    return rungs


def estimated(name: str, rungs: Rungs, table: Table, model: DirectModel, settings: Settings, how: How = DEFAULT) -> Row:
    """The row of one target, `rungs` being its actions."""
    evidence = gather(table, model, rungs, WEIGHINGS[how.weights])
    sample = ESTIMATORS[how.estimator].sample(evidence)
    estimates = {n: e.terms(evidence).value for n, e in ESTIMATORS.items()}
    candidates = float(table.ladder[rungs].sum(axis=1).mean())
    return _row(name, evidence, sample, candidates, estimates, _acted(table), settings.learn, how)


def logged(table: Table, settings: Settings, how: How = DEFAULT) -> Row:
    """What happened. Its weights are all 1, so that every estimator says the same."""
    rewards, one = table.rewards(table.drawn), np.ones((len(table), 1))
    most = float(np.abs(rewards).max())
    zero = np.zeros(len(table))
    evidence = Evidence(zero, one, rewards[:, None], rewards, one[:, 0], zero, table.people, most)
    candidates = float(table.ladder[table.drawn].sum(axis=1).mean())
    sample = Sample(rewards, table.people, most)
    return _row(LOGGED, evidence, sample, candidates, {}, _acted(table), settings.learn, how)


def _row(
    name: str,
    evidence: Evidence,
    sample: Sample,
    candidates: float,
    estimates: Mapping[str, float],
    acted: int,
    learn: LearnSettings,
    how: How,
) -> Row:
    found = support(evidence, sample, acted)
    if refused := refusal(found, learn):
        return Row(name, None, None, found, candidates, sample, estimates, refused)
    return Row(
        name,
        sample.mean,
        INTERVALS[how.interval](sample, seed=learn.seed),
        found,
        candidates,
        sample,
        estimates,
    )


def _acted(table: Table) -> int:
    return int((table.gains[:, 0] > 0).sum())


def _own_plans(table: Table) -> set[str]:
    """The plans that are the client's own query."""
    return {s.plan for d in table.decisions for s in d.slots if s.original}


def _no_own_query(table: Table) -> str:
    """Why the log cannot say what the client's own query alone would have earned, or nothing."""
    without = sum(not any(s.original for s in d.slots) for d in table.decisions)
    if without <= LARGEST_GAP * len(table):
        return ""
    return (
        f"the client's own query was not among the strategies of {without:,} of the {len(table):,} searches, so their "
        "log does not say what it finds; a strategy with `use: original` brings it in"
    )
