"""Real clicks replayed in the order of time: each is searched for with what was learned on the days before.

Two modes. *History*: all past clicks are known, as when a shop brings its log, whatever was on the page. *Bandit*: a
click exists only if the product was on the page that the system showed, a reward only for the action that was drawn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.record import Template
from ltrr_opensearch.arena.recording import Recording
from ltrr_opensearch.arena.replay import Limits, Replayed
from ltrr_opensearch.bench.bestbuy import Clicked
from ltrr_opensearch.bench.one_day import OneDay
from ltrr_opensearch.learn.memory import Acted
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.rank.rows import sparse
from ltrr_opensearch.types import Asker, Candidate, DocKey

GAIN = 1.0
RRF_CONSTANT = 60


class Mode(StrEnum):
    HISTORY = "history"
    BANDIT = "bandit"


@dataclass(frozen=True, slots=True)
class ClickAnswered:
    """How one click's search went. `rank`: of the product clicked, None where it was not among the candidates."""

    click: Clicked
    rank: int | None
    found: bool
    candidates: int
    requests: int
    """Plans asked beside the client's own query."""
    new: bool
    """Whether nobody had clicked for this query before."""
    places: Mapping[str, int]
    """Where plans have the product at the deepest rung, whatever was drawn; those that lack it are left out."""


@dataclass(frozen=True)
class ClickedReplay:
    """`text` gives the recorded query of a click. `grown`: the ranker is trained anew at the end of a day when the
    searches are more by this share than when it was trained last.
    """

    recording: Recording
    template: Template
    text: Callable[[str], str]
    mode: Mode
    grown: float = 0.5
    page: int = 10
    limits: Limits = field(default_factory=Limits)

    def run(
        self,
        clicks: Sequence[Clicked],
        learner: Learner,
        policy: Policy | None = None,
        done: Callable[[int], None] = lambda _: None,
    ) -> list[ClickAnswered]:
        """Day by day; `policy` draws instead of the one that learns."""
        seen: set[str] = set()
        made: list[ClickAnswered] = []
        ranked_at = 0
        for _, some in by_day(clicks):
            replay = OneDay(self.recording, learner.serving(policy), self.template, self.limits)
            answered = [self._answer(replay, one, len(made) + place, seen) for place, one in enumerate(some)]
            made += [one for one, _ in answered]
            if ranker := len(made) >= (1 + self.grown) * ranked_at:
                ranked_at = len(made)
            self._learn(learner, [round for _, round in answered], some, ranker=ranker)
            done(len(answered))
        return made

    def _answer(self, replay: OneDay, click: Clicked, number: int, seen: set[str]) -> tuple[ClickAnswered, Round]:
        text = self.text(click.query)
        replayed = replay.search(text, f"click-{number}", click.at, Asker(click.user, click.session))
        ids = [c.key.id for c in replayed.decision.candidates]
        rank = ids.index(click.product) + 1 if click.product in ids else None
        by_plan = next((c.found for c in replayed.decision.candidates if c.key.id == click.product), ())
        slots = replayed.decision.slots
        plans = [result.plan for result in replayed.searched.results]
        places = {plan.name: place for plan in plans if (place := replay.place(text, plan, click.product))}
        answered = ClickAnswered(
            click,
            rank,
            bool(by_plan),
            candidates=sum(slot.depth for slot in slots),
            requests=sum(slot.depth > 0 and not slot.original for slot in slots),
            new=text not in seen,
            places=places,
        )
        seen.add(text)
        return answered, self._round(replay, replayed, click, rank)

    def _round(self, replay: OneDay, replayed: Replayed, click: Clicked, rank: int | None) -> Round:
        if self.mode is Mode.BANDIT:
            shown = rank is not None and rank <= self.page
            return Round(replayed.decision, {click.product: GAIN} if shown else {})
        decision = replace(replayed.decision, shown=0)
        logged = {c.key.id for c in decision.candidates if c.features is not None}
        if click.product not in logged:
            decision = replace(decision, candidates=_with(decision.candidates, self._known(replay, replayed, click)))
        return Round(decision, {click.product: GAIN})

    def _known(self, replay: OneDay, replayed: Replayed, click: Clicked) -> CandidateRecord:
        """The product as a candidate with its row, which the log of a shop cannot leave out."""
        key = DocKey(self.recording.index, click.product)
        was = next((c for c in replayed.decision.candidates if c.key == key), CandidateRecord(key, ()))
        features = self.recording.features(self.text(click.query), click.product)
        candidate = Candidate(key, was.found, features=features)
        serving, searched = replay.serving, replayed.searched
        row = serving.rows(searched.query, [candidate], searched.results, serving.columns)[0]
        return was._replace(features=sparse(row, serving.columns))

    def _learn(self, learner: Learner, rounds: Sequence[Round], clicks: Sequence[Clicked], *, ranker: bool) -> None:
        if self.mode is Mode.HISTORY:
            learner.recall(self._acted(clicks))
        learner.kinds = (
            "policy",
            *(("ranker",) if ranker else ()),
            *(("memory",) if self.mode is Mode.BANDIT else ()),
        )
        learner.learn(rounds)

    def _acted(self, clicks: Sequence[Clicked]) -> Mapping[str, list[Acted]]:
        acted: defaultdict[str, list[Acted]] = defaultdict(list)
        for one in clicks:
            acted[self.text(one.query)].append(Acted(one.product, one.at, GAIN, one.user))
        return acted


def most_clicked(clicks: Sequence[Clicked], text: Callable[[str], str], recording: Recording) -> list[int | None]:
    """Peer: the products most clicked for the very query so far (days before), then all strategies by RRF."""
    before: defaultdict[str, Counter[str]] = defaultdict(Counter)
    ranks: list[int | None] = []
    for _, some in by_day(clicks):
        for one in some:
            known = [id for id, _ in sorted(before[text(one.query)].items(), key=lambda c: (-c[1], c[0]))]
            rest = [id for id in rrf(recording, text(one.query)) if id not in set(known)]
            ranks.append(place_of([*known, *rest], one.product))
        for one in some:
            before[text(one.query)][one.product] += 1
    return ranks


def popular(clicks: Sequence[Clicked], days: int, most: int) -> list[int | None]:
    """Peer: the products most clicked in the last days, whatever the query."""
    ranks: list[int | None] = []
    of_days = {day: Counter(one.product for one in some) for day, some in by_day(clicks)}
    for day, some in by_day(clicks):
        last = sum((of_days.get(day - timedelta(days=d), Counter()) for d in range(1, days + 1)), Counter[str]())
        best = [id for id, _ in sorted(last.items(), key=lambda c: (-c[1], c[0]))[:most]]
        ranks += [place_of(best, one.product) for one in some]
    return ranks


def rrf(recording: Recording, text: str) -> list[str]:
    """All recorded strategies of a query by reciprocal rank fusion, at the deepest rung."""
    scores: defaultdict[int, float] = defaultdict(float)
    for listed in recording.queries[text].lists.values():
        for rank, document in enumerate(listed.documents.tolist(), start=1):
            scores[document] += 1 / (RRF_CONSTANT + rank)
    return [recording.documents[d] for d in sorted(scores, key=lambda d: (-scores[d], d))]


def alone(clicks: Sequence[Clicked], text: Callable[[str], str], recording: Recording, plan: str) -> list[int | None]:
    """Peer: one strategy's own list."""
    ranks: list[int | None] = []
    for one in clicks:
        listed = recording.queries[text(one.query)].lists.get(plan)
        ids = [recording.documents[d] for d in listed.documents] if listed else []
        ranks.append(place_of(ids, one.product))
    return ranks


def place_of(ids: Sequence[str], id: str) -> int | None:
    return ids.index(id) + 1 if id in ids else None


def _with(candidates: Sequence[CandidateRecord], one: CandidateRecord) -> tuple[CandidateRecord, ...]:
    return (*(c for c in candidates if c.key != one.key), one)


def by_day(clicks: Sequence[Clicked]) -> Iterator[tuple[date, list[Clicked]]]:
    for day, some in groupby(clicks, key=lambda c: c.at.date()):
        yield day, list(some)
