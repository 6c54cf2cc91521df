"""What a decision costs, and what learning from one costs, without a cluster: six plans of a made-up shop.

A decision is what a proxy does between proposing plans and asking them: features of the search and of each plan, and
six slots drawn by a policy that has learned. Times are of one core's own work.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from ltrr_opensearch.bench.figures import Figure, repeated, timing
from ltrr_opensearch.bench.made_decisions import SOURCES, decision_times, made_round, query_text, serving_of
from ltrr_opensearch.bench.made_outcomes import MadeOutcomes
from ltrr_opensearch.choose.direct import DirectPolicy, Prices
from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.knowledge.outcomes import Outcomes
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.learn.folding import ENTITIES
from ltrr_opensearch.learn.outcomes import QUERIES
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.logged import Round
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.settings import Settings

TARGET_MS, AIM_MS = 0.5, 0.3
LEARNED_TARGET = 1500.0
TRUST = 0.9
"""Of a policy that remembers as much as it may: it has seen 90,000 searches."""


def measure(console: Console, quick: bool) -> list[Figure]:
    settings, direct = _settings("vowpal"), _settings("direct")
    count, repeats = (600, 1) if quick else (3000, 3)
    console.print(f"deciding: {count} searches of six plans, {repeats} times learned from")
    serving = serving_of(settings)
    rounds = [made_round(serving, number, settings) for number in range(count)]
    known = Knowledge(aggregates=serving.knowledge.aggregates.updated(rounds, settings.learn.memory_half_life_days))
    serving = replace(serving, knowledge=known)
    rounds = [made_round(serving, count + number, settings) for number in range(count)]
    rates = [_learned_a_second(rounds, settings) for _ in range(repeats)]

    def timed(name: str, policy: Policy) -> Figure:
        times = decision_times(replace(serving, policy=policy), count)
        return replace(timing(name, times), target=TARGET_MS, aim=AIM_MS)

    bandit, young = (build_policy(s.choose, train_policy(rounds, s)) for s in (settings, direct))
    full, loading = _full(direct, repeats)
    return [
        timed("a decision, six slots", bandit),
        timed("a decision of `direct`, six slots", young),
        timed(f"a decision of `direct` at {QUERIES} queries of {ENTITIES} entities, the most it keeps", full),
        repeated("`direct` at most, loaded", loading, "s", higher_is_better=False),
        replace(repeated("decisions learned a second, one core", rates, "/s"), target=LEARNED_TARGET),
    ]


def _settings(policy: str) -> Settings:
    shop = {"text_fields": {"title": 2, "brand": 1}}
    return Settings.model_validate({"indexes": {"shop": shop}, "choose": {"policy": policy}})


def _learned_a_second(rounds: Sequence[Round], settings: Settings) -> float:
    started = time.thread_time()
    train_policy(rounds, settings)
    return len(rounds) / (time.thread_time() - started)


def _full(settings: Settings, repeats: int) -> tuple[Policy, list[float]]:
    """A policy that remembers as much as it may, and how long it took to load each time."""
    choose, learn = settings.choose, settings.learn
    made = MadeOutcomes(tuple(SOURCES), choose.ladder).of([query_text(n) for n in range(QUERIES)], ENTITIES)
    payload, seconds = made.to_bytes(), []
    prices = Prices(learn.price_per_candidate, learn.price_per_plan, frozenset({"original"}))
    for _ in range(repeats):
        started = time.thread_time()
        policy = DirectPolicy(Outcomes.from_bytes(payload), choose, prices, choose.gamma, TRUST)
        seconds.append(time.thread_time() - started)
    return policy, seconds
