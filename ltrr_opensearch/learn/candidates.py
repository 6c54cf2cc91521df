"""Trains a policy and a ranker and puts each before the gate. Pure: rounds and the serving part in, a verdict out.

Every search is judged by a candidate that has not seen it: policies by folds, rankers trained on the older searches
and judged on the newest, of these on what the serving ranker has not seen either. What is published has learned all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from ltrr_opensearch.choose.registry import LEARNING, build_policy
from ltrr_opensearch.errors import DataError, MissingExtra, ModelError
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.knowledge.popularity import Popularity
from ltrr_opensearch.learn.compare import compare_policies, compare_rankers
from ltrr_opensearch.learn.gate import Verdict, judge, too_few, unheard
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.learn.ranker import train_ranker
from ltrr_opensearch.learn.watermarks import through
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.protocols import Policy, Ranker
from ltrr_opensearch.rank.load import load_ranker
from ltrr_opensearch.settings import IndexSettings, LearnSettings, Settings

T = TypeVar("T")

HELD_OUT = 0.2
"""Share of the searches, the newest, that a ranker is judged on; also the share of `learn.min_rounds` that must be."""


@dataclass(frozen=True, slots=True)
class Trained:
    """`part` is there when the verdict passed."""

    verdict: Verdict
    part: Part | None = None


def policy(rounds: Sequence[Round], settings: Settings, serving: Part | None) -> Trained:
    """Goes on from the serving part with rounds that it has not seen."""
    if settings.choose.policy not in LEARNING:
        return Trained(Verdict("policy", False, f"choose.policy {settings.choose.policy} does not learn"))
    acted = sum(bool(one.gains) for one in rounds)
    few = too_few("policy", len(rounds), settings.learn) or unheard("policy", acted, settings.learn)
    if few:
        return Trained(few)

    def trained(some: Sequence[Round]) -> Policy:
        return build_policy(settings.choose, train_policy(some, settings, serving))

    try:
        compared = compare_policies(trained, _serving_policy(settings, serving), rounds, settings)
        verdict = judge("policy", compared, settings.learn)
        return Trained(verdict, train_policy(rounds, settings, serving) if verdict.passed else None)
    except DataError as cause:
        return Trained(Verdict("policy", False, str(cause)))


def ranker(rounds: Sequence[Round], settings: Settings, index: IndexSettings, serving: Part | None) -> Trained:
    """Anew from all rounds of the history, since trees do not go on."""
    if few := too_few("ranker", len(rounds), settings.learn):
        return Trained(few)
    serves = _serving_ranker(serving)
    older, newest = _split(rounds, through(serving) if serves else None)
    if few := _too_few_new(newest, settings.learn):
        return Trained(few)
    try:
        candidate = load_ranker(train_ranker(older, settings, index))
        compared = compare_rankers(candidate, serves, newest, index)
        verdict = judge("ranker", compared, settings.learn)
        return Trained(verdict, train_ranker(rounds, settings, index) if verdict.passed else None)
    except (DataError, MissingExtra) as cause:
        return Trained(Verdict("ranker", False, str(cause)))


def counted(rounds: Sequence[Round], settings: Settings, serving: Mapping[str, Part]) -> dict[str, bytes]:
    """What was shown, how strategies have done and what is popular, with more rounds; damaged ones are begun anew."""
    half_life = settings.learn.memory_half_life_days
    shown = _before(serving.get("exposure"), Exposure.from_bytes, Exposure()).updated(rounds, half_life)
    asked = _before(serving.get("aggregates"), Aggregates.from_bytes, Aggregates())
    popularity = _before(serving.get("popularity"), Popularity.from_bytes, Popularity())
    return {
        "exposure": shown.to_bytes(),
        "aggregates": asked.updated(rounds, half_life, shown).to_bytes(),
        "popularity": popularity.updated(rounds).to_bytes(),
    }


def _before(part: Part | None, read: Callable[[bytes], T], otherwise: T) -> T:
    try:
        return read(part.payload) if part else otherwise
    except ModelError:
        return otherwise


def _split(rounds: Sequence[Round], seen: datetime | None) -> tuple[Sequence[Round], Sequence[Round]]:
    """The searches, in the order of time, to train on and to judge by; what serves has seen those up to `seen`."""
    cut = max(1, round(len(rounds) * (1 - HELD_OUT)))
    if seen is not None:
        cut = max(cut, sum(one.decision.at <= seen for one in rounds))
    return rounds[:cut], rounds[cut:]


def _too_few_new(newest: Sequence[Round], learn: LearnSettings) -> Verdict | None:
    least = int(learn.min_rounds * HELD_OUT)
    if len(newest) >= least:
        return None
    return Verdict(
        "ranker",
        False,
        f"too few new searches: {len(newest)} that what serves has not learned, fewer than {least} "
        "(a fifth of learn.min_rounds); ask again later",
    )


def _serving_policy(settings: Settings, serving: Part | None) -> Policy:
    """What draws now. A part that no longer fits the settings does not: proxies then start cold."""
    try:
        return build_policy(settings.choose, serving)
    except ModelError:
        return build_policy(settings.choose, None)


def _serving_ranker(serving: Part | None) -> Ranker | None:
    try:
        return load_ranker(serving) if serving else None
    except ModelError:
        return None
