"""Trains a policy and a ranker and puts each before the gate. Pure: rounds and the serving part in, a verdict out.

Every search is judged by a candidate that has not seen it: policies as they learn, rankers trained on the older
searches and judged on the newest, of these on what the serving ranker has not seen either. What is published has
learned all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Protocol, TypeVar

from ltrr_opensearch.choose.direct import NAME as DIRECT
from ltrr_opensearch.choose.registry import LEARNING, build_policy
from ltrr_opensearch.errors import DataError, MissingExtra, ModelError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.knowledge.personal import PersonalMemory
from ltrr_opensearch.knowledge.popularity import Popularity
from ltrr_opensearch.learn.compare import Learning, compare_policies, compare_rankers
from ltrr_opensearch.learn.direct import Learned, learned
from ltrr_opensearch.learn.gate import Verdict, judge, too_few, unheard
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.learn.ranker import train_ranker
from ltrr_opensearch.learn.watermarks import through
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.protocols import Policy, Ranker
from ltrr_opensearch.rank.load import load_ranker
from ltrr_opensearch.settings import Settings

T = TypeVar("T")
Teach = Callable[[Sequence[Round], Part | None], Part]
"""(rounds, the policy so far) -> the policy that has learned them."""

HELD_OUT = 0.2
"""Share of the searches, the newest, that a ranker is judged on; also the share of `learn.min_rounds` that must be."""


@dataclass(frozen=True, slots=True)
class Trained:
    """`part` is there when the verdict passed."""

    verdict: Verdict
    part: Part | None = None

    def refused(self, why: str) -> Trained:
        """What passed the gate and yet cannot serve."""
        return Trained(replace(self.verdict, passed=False, reason=f"{self.verdict.reason}; but {why}"))


def policy(
    batches: Iterable[Sequence[Round]], settings: Settings, serving: Part | None, teach: Teach | None = None
) -> Trained:
    """Goes on from the serving part with rounds that it has not seen, given in the order of time.

    Judged on the newest `learn.judge_rounds`, at least; what is older is learned as it comes and not kept. `teach`:
    another way of learning, for rounds that show the outcome of every action.
    """
    if settings.choose.policy not in LEARNING:
        return Trained(Verdict("policy", False, f"choose.policy {settings.choose.policy} does not learn"))
    candidate = _candidate(settings, serving, teach)
    try:
        newest, rounds, acted = _older_learned(candidate, batches, settings.learn.judge_rounds)
        few = too_few("policy", rounds, settings.learn) or unheard("policy", acted, settings.learn)
        if few:
            return Trained(few)
        known = teach is not None
        compared = compare_policies(candidate, _serving_policy(settings, serving), newest, settings, known=known)
        verdict = judge("policy", compared, settings.learn)
        return Trained(verdict, candidate.part if verdict.passed else None)
    except DataError as cause:
        return Trained(Verdict("policy", False, str(cause)))


class _Candidate(Learning, Protocol):
    """A policy in training, which goes on from the part that serves, or begins."""

    @property
    def part(self) -> Part | None:
        """What would be published."""


def _candidate(settings: Settings, serving: Part | None, teach: Teach | None) -> _Candidate:
    if teach is None and settings.choose.policy == DIRECT:
        return _Direct(settings, serving)
    return _Taught(settings, serving, teach or _continuing(settings))


class _Direct:
    """Keeps its outcomes while it learns, and stores them once."""

    def __init__(self, settings: Settings, serving: Part | None) -> None:
        self._settings, self._serving = settings, serving
        self._learned: Learned | None = None

    @property
    def part(self) -> Part | None:
        return self._learned.part() if self._learned else self._serving

    def policy(self) -> Policy:
        if self._learned:
            return self._learned.policy(self._settings.choose)
        return _serving_policy(self._settings, self._serving)

    def learn(self, rounds: Sequence[Round]) -> None:
        if usable := _usable(rounds, self._settings):
            self._learned = learned(usable, self._settings, self._learned or self._serving)


class _Taught:
    """A part after each lesson."""

    def __init__(self, settings: Settings, part: Part | None, teach: Teach) -> None:
        self._settings, self.part, self._teach = settings, part, teach

    def policy(self) -> Policy:
        return _serving_policy(self._settings, self.part)

    def learn(self, rounds: Sequence[Round]) -> None:
        if usable := _usable(rounds, self._settings):
            self.part = self._teach(usable, self.part)


def _usable(rounds: Sequence[Round], settings: Settings) -> list[Round]:
    return [one for one in rounds if one.decision.ladder == settings.choose.ladder]


def _continuing(settings: Settings) -> Teach:
    return lambda rounds, part: train_policy(rounds, settings, part)


def _older_learned(
    candidate: _Candidate, batches: Iterable[Sequence[Round]], judging: int
) -> tuple[list[Round], int, int]:
    """The newest rounds, all others being learned; how many there were, and how many acted upon."""
    waiting, rounds, acted = deque[Sequence[Round]](), 0, 0
    for batch in batches:
        waiting.append(batch)
        rounds += len(batch)
        acted += sum(bool(one.gains) for one in batch)
        while sum(map(len, waiting)) - len(waiting[0]) >= judging:
            candidate.learn(waiting.popleft())
    return list(chain.from_iterable(waiting)), rounds, acted


def ranker(rounds: Sequence[Round], settings: Settings, index: IndexSettings, serving: Part | None) -> Trained:
    """Anew from all rounds of the history, since trees do not go on."""
    if few := too_few("ranker", len(rounds), settings.learn):
        return Trained(few)
    serves = _serving_ranker(serving)
    older, newest = _split(rounds, through(serving) if serves else None)
    if few := _too_few_new(newest, settings.learn):
        return Trained(few)
    try:
        judged = train_ranker(older, settings, index)
        candidate = load_ranker(judged)
        compared = compare_rankers(candidate, serves, newest, index, settings.learn.click_model)
        verdict = judge("ranker", compared, settings.learn)
        return Trained(verdict, train_ranker(rounds, settings, index, judged) if verdict.passed else None)
    except (DataError, MissingExtra) as cause:
        return Trained(Verdict("ranker", False, str(cause)))


class Counting:
    """What was shown, how strategies have done, what is popular and, where that is wanted, what single people did.

    Goes on from what serves; what is damaged there is begun anew. What was kept of people before it was not wanted any
    more goes.
    """

    def __init__(self, settings: Settings, serving: Mapping[str, Part]) -> None:
        self._half_life, self._people = settings.learn.memory_half_life_days, settings.learn.personal_people
        self._shown = _before(serving.get("exposure"), Exposure.from_bytes, Exposure())
        self._asked = _before(serving.get("aggregates"), Aggregates.from_bytes, Aggregates())
        self._popularity = _before(serving.get("popularity"), Popularity.from_bytes, Popularity())
        self._personal = _before(serving.get("personal"), PersonalMemory.from_bytes, PersonalMemory())
        self._tells_of_people = bool(self._people) or "personal" in serving
        self._fault: DataError | None = None

    def counting(self, batches: Iterable[list[Round]]) -> Iterator[list[Round]]:
        """The same batches, each counted as it passes by.

        What cannot be read is raised again by `payloads`, since `policy` takes it for a fault of what it learns: a part
        of the searches must not be published as the count of them all.
        """
        try:
            for batch in batches:
                self._count(batch)
                yield batch
        except DataError as fault:
            self._fault = fault
            raise

    def _count(self, batch: list[Round]) -> None:
        self._shown = self._shown.updated(batch, self._half_life)
        self._asked = self._asked.updated(batch, self._half_life, self._shown)
        self._popularity = self._popularity.updated(batch)
        self._personal = self._personal.updated(batch, self._half_life, self._people)

    def payloads(self, late: Sequence[tuple[Round, Round]]) -> dict[str, bytes]:
        """By kind. `late`: searches that are counted, as they were and as they are known now."""
        if self._fault:
            raise self._fault
        shown = self._shown.corrected(late, self._half_life)
        asked = self._asked.corrected(late, self._half_life, shown)
        popularity = self._popularity.corrected(late)
        payloads = {"exposure": shown.to_bytes(), "aggregates": asked.to_bytes(), "popularity": popularity.to_bytes()}
        if self._tells_of_people:
            payloads["personal"] = self._personal.corrected(late, self._half_life, self._people).to_bytes()
        return payloads


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
