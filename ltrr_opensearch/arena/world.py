"""What a simulation plays on: a recorded index, what attracts its people, and what a judge says they wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ltrr_opensearch.arena.actions import Actions, Floats, Prices, Wanted, ranks
from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.people import Attraction
from ltrr_opensearch.arena.query_log import Grades
from ltrr_opensearch.arena.record import Template, request
from ltrr_opensearch.arena.recording import Recording
from ltrr_opensearch.arena.remembered import remembered_hits
from ltrr_opensearch.arena.replay import MEMORY
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.knowledge.terms import Terms
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Encoded, Hit


@dataclass(frozen=True)
class World:
    """`attraction` moves people; `wanted` judges, and teaches nobody. Both by the text of a recorded query."""

    recording: Recording
    settings: Settings
    template: Template
    attraction: Attraction
    wanted: Mapping[str, Wanted]
    gazetteer: Gazetteer = field(default_factory=lambda: Gazetteer.from_values(()))
    terms: Terms = field(default_factory=Terms)

    def __post_init__(self) -> None:
        if missing := sorted(set(self.attraction) - set(self.recording.queries)):
            raise DataError(f"{len(missing)} queries are not in the recording, {missing[0]!r} the first; record again")

    @property
    def key(self) -> str:
        return self.recording.index

    @property
    def own(self) -> str:
        """The strategy that is the application's own query."""
        for strategy in self.settings.indexes[self.key].strategies:
            if strategy.use == "original":
                return strategy.name
        raise DataError(f"index {self.key!r} has no strategy that uses `original`; nothing could be compared with it")

    def with_choose(self, **changes: object) -> World:
        """The same world under other settings of `choose`."""
        choose = self.settings.choose.model_copy(update=changes)
        return replace(self, settings=self.settings.model_copy(update={"choose": choose}))

    @staticmethod
    def of_grades(
        recording: Recording, settings: Settings, template: Template, grades: Grades, knowledge: Knowledge
    ) -> World:
        """People are attracted by documents in proportion to their grades, the best of each query for certain; the same
        grades judge. Only queries with a grade above 0 are played.
        """
        liked = {q: {d: g for d, g in of.items() if g > 0} for q, of in grades.items() if q in recording.queries}
        liked = {q: of for q, of in liked.items() if of}
        attraction = {q: {d: g / max(of.values()) for d, g in of.items()} for q, of in liked.items()}
        wanted = {q: {d: g / sum(of.values()) for d, g in of.items()} for q, of in liked.items()}
        return World(recording, settings, template, attraction, wanted, knowledge.gazetteer, knowledge.terms)

    def learner(self, kinds: Sequence[str], *, gated: bool = False) -> Learner:
        vectors = {normalise(q): a.vector for q, a in self.recording.queries.items() if a.vector is not None}
        return Learner(self.settings, self.key, self.gazetteer, vectors, kinds, self.terms, gated)

    @property
    def prices(self) -> Prices:
        """Of plans by strategy, as learning charges them; the client's own query is sent anyway."""
        strategies = self.settings.indexes[self.key].strategies
        return Prices.of(self.settings.learn, (s.name for s in strategies if s.use == "original"))

    def actions(self) -> Actions:
        """Every action over the strategies of the index."""
        strategies, choose = self.settings.indexes[self.key].strategies, self.settings.choose
        return Actions.all([s.name for s in strategies], choose.ladder, choose.budget, self.prices)

    def values(self, query: str, serving: Serving, actions: Actions, wanted: Wanted) -> Floats:
        """What each action is worth for a query, the memory's list as `serving` knows it."""
        more = self._remembered(query, serving)
        return actions.values(wanted, ranks(self.recording, query, wanted, actions.plans, more))

    def _remembered(self, query: str, serving: Serving) -> dict[str, Sequence[Hit]]:
        analyzed = serving.analyze(request(query, self.key, self.template))
        depth, encoded = self.recording.depth, Encoded(self.recording.queries[query].vector)
        plans = [p for p in serving.propose(analyzed, lambda _: None) if p.source == MEMORY]
        return {p.name: remembered_hits(p.clause(depth, encoded), self.recording, depth) or () for p in plans}
