"""What the configured strategies would bring to somebody's own searches, from a recording of them. Pure.

Every mean is over searches: a query counts as often as it was drawn from the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.arena.actions import Actions, Floats, Prices, ranks
from ltrr_opensearch.arena.recording import Recording
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.evaluate.power import any_time, fixed_horizon
from ltrr_opensearch.fuse.rrf import Rrf
from ltrr_opensearch.types import Json, Outcome, PlanResult, QueryPlan

PAGE = 10
FOLDS = 5
RELATIVE = (0.01, 0.02, 0.05, 0.1)
"""Gains, relative to the click rate, of which it is said how many people prove them."""


@dataclass(frozen=True)
class Assessed:
    """`plans` are those that had something to ask for some query, the client's own first where it is among them."""

    recording: Recording
    counts: Mapping[str, int]
    grades: Mapping[str, Mapping[str, float]]
    choose: ChooseSettings
    prices: Prices
    click_rate: float
    own: str | None
    """The strategy that is the client's own query."""

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "grades", {q: g for q, g in self.grades.items() if q in self.counts and any(g.values())}
        )

    @property
    def plans(self) -> tuple[str, ...]:
        seen = {plan for q in self.counts for plan in self.recording.queries[q].lists}
        return tuple(sorted(seen, key=lambda plan: (plan != self.own, plan)))

    @property
    def ladder(self) -> tuple[int, ...]:
        return self.choose.ladder

    def to_json(self) -> Json:
        told: Json = {
            "searches": sum(self.counts.values()),
            "queries": len(self.counts),
            "strategies": {plan: self._strategy(plan) for plan in self.plans},
            "overlap": {a: {b: self._overlap(a, b) for b in self.plans} for a in self.plans},
            "zero_results": self._zero_results(),
            "latency": self._latency(),
            "traffic": self._traffic(self.click_rate),
        }
        if self.grades:
            told["judged_queries"] = len(self.grades)
            told["quality"] = {name: self._quality(name) for name in (*self.plans, "rrf")}
            told["recall"] = {p: {str(d): self._recall(p, d) for d in self.ladder if d} for p in self.plans}
            told["retrieval"] = self._retrieval()
        return told

    def _ids(self, query: str, plan: str, depth: int | None = None) -> list[str]:
        listed = self.recording.queries[query].lists.get(plan)
        numbers = listed.documents[:depth].tolist() if listed is not None else []
        return [self.recording.documents[n] for n in numbers]

    def _mean(self, values: Mapping[str, float]) -> float:
        weights = [self.counts[q] for q in values]
        return float(np.average(list(values.values()), weights=weights)) if values else 0.0

    def _strategy(self, plan: str) -> Json:
        lists = {
            q: self.recording.queries[q].lists[plan] for q in self.counts if plan in self.recording.queries[q].lists
        }
        return {
            "asked": self._mean({q: float(q in lists) for q in self.counts}),
            "found": self._mean({q: float(len(one.documents)) for q, one in lists.items()}),
            "unique": self._unique(plan),
            **(_times([one.took_ms for one in lists.values()]) or {}),
        }

    def _latency(self) -> Json:
        """Of the client's own query, and of a search that asks everything: as long as its slowest plan takes."""
        lists = [self.recording.queries[q].lists for q in self.counts]
        own = [one.took_ms for of in lists for plan, one in of.items() if plan == self.own]
        every = [max(one.took_ms for one in of.values()) for of in lists if of]
        return {"own": _times(own), "everything": _times(every)}

    def _unique(self, plan: str) -> float:
        """The share of its first ten that no other strategy has at any depth."""
        shares = {}
        for query in self.counts:
            if first := self._ids(query, plan, PAGE):
                others = {id for other in self.plans if other != plan for id in self._ids(query, other)}
                shares[query] = sum(id not in others for id in first) / len(first)
        return self._mean(shares)

    def _overlap(self, plan: str, other: str) -> float:
        """The share of a strategy's first ten that are among another's first ten."""
        firsts = {q: self._ids(q, plan, PAGE) for q in self.counts}
        return self._mean(
            {q: len({*ids} & {*self._ids(q, other, PAGE)}) / len(ids) for q, ids in firsts.items() if ids}
        )

    def _zero_results(self) -> Json:
        """Searches in which the client's own query finds nothing, and those of them in which something else does."""
        none = {q: float(self.own is not None and not self._ids(q, self.own)) for q in self.counts}
        saved = {q: float(bool(none[q]) and any(self._ids(q, p) for p in self.plans)) for q in self.counts}
        return {"share": self._mean(none), "saved": self._mean(saved)}

    def _recall(self, plan: str, depth: int) -> float:
        shares = {}
        for query, grades in self.grades.items():
            found = {*self._ids(query, plan, depth)}
            shares[query] = sum(g for id, g in grades.items() if id in found) / sum(grades.values())
        return self._mean(shares)

    def _quality(self, name: str) -> Json:
        orders = {q: self._fused(q) if name == "rrf" else self._ids(q, name) for q in self.grades}
        return {
            "nDCG@10": self._mean({q: _ndcg(ids, self.grades[q]) for q, ids in orders.items()}),
            "RR": self._mean({q: _reciprocal(ids, self.grades[q]) for q, ids in orders.items()}),
        }

    def _fused(self, query: str) -> list[str]:
        """All strategies at the safe depth, by reciprocal rank fusion: what serves before anything was learned."""
        results = []
        for plan in self.plans:
            hits = (self.recording.hits(query, plan) or ())[: self.choose.safe_depth]
            named = QueryPlan(plan, plan, "", lambda _d, _v: None)
            results.append(PlanResult(named, self.choose.safe_depth, Outcome.OK, hits, len(hits)))
        return [c.key.id for c in Rrf().fuse(results)]

    def _retrieval(self) -> Json:
        """The share of what is wanted in the union less the price of its candidates and plans, as it is learned."""
        actions = Actions.all(self.plans, self.ladder, self.choose.budget, self.prices)
        queries = list(self.grades)
        weights = np.array([self.counts[q] for q in queries], dtype=np.float64)
        values = np.array([self._values(q, actions) for q in queries])
        chosen = _crossed(values, weights, 0)
        rows, perfect = np.arange(len(queries)), values.argmax(axis=1)
        paid = np.array([plan != self.own for plan in self.plans])
        own = actions.number({self.own: self.choose.safe_depth}) if self.own in self.plans and self.own else None
        best, oracle = values[rows, chosen], values.max(axis=1)
        told: Json = {"best_fixed_plan": actions.named(_best(values, weights))}
        told |= {"best_fixed": _weighed(best, weights), "best_per_query": _weighed(oracle, weights)}
        told["own_query"] = _weighed(values[:, own], weights) if own is not None else None
        told["gap"] = told["best_per_query"] - told["best_fixed"]
        told["candidates"] = {
            "best_fixed": _weighed(actions.depths[chosen].sum(axis=1), weights),
            "best_per_query": _weighed(actions.depths[perfect].sum(axis=1), weights),
        }
        told["requests"] = {
            "best_fixed": _weighed(((actions.depths[chosen] > 0) & paid).sum(axis=1), weights),
            "best_per_query": _weighed(((actions.depths[perfect] > 0) & paid).sum(axis=1), weights),
            "everything": int(paid.sum()),
        }
        told["proving_the_gap"] = _searches(told["gap"], 2 * _spread(best, weights))
        return told

    def _values(self, query: str, actions: Actions) -> Floats:
        grades = {id: g for id, g in self.grades[query].items() if g > 0}
        wanted = {id: g / sum(grades.values()) for id, g in grades.items()}
        return actions.values(wanted, ranks(self.recording, query, wanted, self.plans))

    def _traffic(self, rate: float) -> Json:
        """People (one search each, halves) that prove a relative gain in searches with a click."""
        spread = 2 * (rate * (1 - rate)) ** 0.5
        return {"click_rate": rate, "people": {f"{gain:.0%}": _searches(gain * rate, spread) for gain in RELATIVE}}


def _times(took: Sequence[float]) -> Json | None:
    return {"median_ms": float(np.median(took)), "p95_ms": float(np.quantile(took, 0.95))} if took else None


def _searches(effect: float, spread: float) -> Json:
    once = fixed_horizon(effect, spread)
    return {"one_look": once, "any_time": any_time(effect, spread, tuned_at=once or 1000.0)}


def _crossed(values: Floats, weights: Floats, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """For each query the action that is best on the other folds: judged on what it was not chosen for."""
    folds = np.random.default_rng(seed).permutation(len(values)) % FOLDS
    chosen = np.zeros(len(values), dtype=np.int64)
    for fold in range(FOLDS):
        others = folds != fold
        if others.any():
            chosen[~others] = _best(values[others], weights[others])
    return chosen


def _best(values: Floats, weights: Floats) -> int:
    return int((weights @ values).argmax())


def _weighed(values: Sequence[float] | Floats, weights: Floats) -> float:
    return float(np.average(np.asarray(values, dtype=np.float64), weights=weights))


def _spread(values: Floats, weights: Floats) -> float:
    return float(np.sqrt(np.average((values - _weighed(values, weights)) ** 2, weights=weights)))


def _ndcg(ids: Sequence[str], grades: Mapping[str, float]) -> float:
    """Gains are the grades (Jarvelin & Kekalainen 2002)."""
    discounts = 1 / np.log2(np.arange(2, PAGE + 2))
    gains = np.array([grades.get(id, 0.0) for id in ids[:PAGE]])
    ideal = np.array(sorted(grades.values(), reverse=True)[:PAGE])
    return float(gains @ discounts[: len(gains)]) / float(ideal @ discounts[: len(ideal)])


def _reciprocal(ids: Sequence[str], grades: Mapping[str, float]) -> float:
    return next((1 / rank for rank, id in enumerate(ids, start=1) if grades.get(id, 0.0) > 0), 0.0)
