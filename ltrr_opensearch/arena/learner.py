"""What the learning job does with rounds, in memory: the same training, without a cluster between.

The gate stands before it on request; without it, what is measured is learning and not its caution.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ltrr_opensearch.build_serving import fusion_of
from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.cluster.feature_logging import NamedScores
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.knowledge.terms import Terms
from ltrr_opensearch.learn import candidates
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn.memory import Acted, Counting, Entry, fold, recall
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.learn.ranker import train_ranker
from ltrr_opensearch.learn.watermarks import THROUGH
from ltrr_opensearch.logged import Part, Round, is_whole
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.rank.load import load_ranker
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.retrieve.fan_out import Logged
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Vector
from ltrr_opensearch.understand.recognise import SlotFields

KINDS = ("policy", "ranker", "memory")


@dataclass
class Learner:
    """State between batches, as the cluster would keep it. `vectors`: embeddings of queries, by normalised text.

    `gated`: what the gate refuses is not published, and its rounds are learned from again with those that follow.
    """

    settings: Settings
    key: str
    gazetteer: Gazetteer
    vectors: Mapping[str, Vector]
    kinds: Collection[str] = KINDS
    terms: Terms = field(default_factory=Terms)
    gated: bool = False
    history: list[Round] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    refused: list[Round] = field(default_factory=list)
    """Rounds that no published policy knows."""
    knowledge: Knowledge = field(default_factory=Knowledge.empty)

    def __post_init__(self) -> None:
        self.knowledge = replace(self.knowledge, gazetteer=self.gazetteer, terms=self.terms)

    def serving(self, policy: Policy | None = None) -> Serving:
        """What proxies would serve with now; `policy` instead of the one that was learned."""
        index = self.settings.indexes[self.key]
        ranker = load_ranker(self.parts["ranker"]) if "ranker" in self.parts else None
        names = feature_names(index)
        if ranker:
            names += tuple(n for n in ranker.features if n not in names)
        return Serving(
            key=self.key,
            index=index,
            choose=self.settings.choose,
            release="arena",
            phase="live" if self.parts else "cold",
            knowledge=self.knowledge,
            strategies=build_strategies(index, self.knowledge),
            policy=policy or build_policy(self.settings.choose, self.parts.get("policy")),
            fusion=fusion_of(index.fusion),
            ranker=ranker,
            columns=names,
            logged=Logged(derive(index), NamedScores(), id_field=index.id_field),
            hidden=(),
            slot_fields=SlotFields.of(index, self.knowledge.gazetteer),
        )

    def learn(self, rounds: Sequence[Round]) -> None:
        """Counts a batch in, and trains anew what is asked for; what cannot be trained yet stays as it is."""
        learn = self.settings.learn
        self.history = [*self.history, *rounds][-learn.max_rounds :]
        exposure = self.knowledge.exposure.updated(rounds, learn.memory_half_life_days)
        aggregates = self.knowledge.aggregates.updated(rounds, learn.memory_half_life_days, exposure)
        popularity = self.knowledge.popularity.updated(rounds)
        personal = self.knowledge.personal.updated(rounds, learn.memory_half_life_days, learn.personal_people)
        self.knowledge = replace(
            self.knowledge, aggregates=aggregates, exposure=exposure, popularity=popularity, personal=personal
        )
        if "memory" in self.kinds:
            self._remember(rounds)
        for kind, train in (("policy", self._policy), ("ranker", self._ranker)):
            if kind in self.kinds and (part := train(rounds)):
                self.parts[kind] = part

    def _policy(self, rounds: Sequence[Round]) -> Part | None:
        serving = self.parts.get("policy")
        if not self.gated:
            return _if_possible(lambda: train_policy(rounds, self.settings, serving))
        self.refused += rounds
        part = candidates.policy([self.refused], self.settings, serving).part
        if part:
            self.refused.clear()
        return part

    def _ranker(self, _rounds: Sequence[Round]) -> Part | None:
        index = self.settings.indexes[self.key]
        if not self.gated:
            return _if_possible(lambda: train_ranker(self.history, self.settings, index))
        part = candidates.ranker(self.history, self.settings, index, self.parts.get("ranker")).part
        until = self.history[-1].decision.at
        return part and replace(part, meta={**part.meta, THROUGH: until.isoformat()})

    def recall(self, acted: Mapping[str, Sequence[Acted]]) -> None:
        """Counts a shop's own history into the memory, by normalised query."""
        counting = Counting.of(self.settings.learn, self.settings.state)
        for query, some in acted.items():
            self.entries[query] = recall(self.entries.get(query), query, some, counting)
        self._snapshot()

    def _remember(self, rounds: Sequence[Round]) -> None:
        learn = self.settings.learn
        examination = judgments_from_clicks(rounds, learn.click_model).examination
        by_query: defaultdict[str, list[Round]] = defaultdict(list)
        for one in rounds:
            if is_whole(one.decision.normalized):
                by_query[one.decision.normalized].append(one)
        counting = Counting.of(learn, self.settings.state)
        for query, some in by_query.items():
            self.entries[query] = fold(self.entries.get(query), some, examination, counting, run="")
        self._snapshot()

    def _snapshot(self) -> None:
        learn = self.settings.learn
        scored = [(q, self.entries[q].scores(learn.memory_entities, learn.memory_users)) for q in sorted(self.entries)]
        rows = [MemoryRow(q, entities, self.vectors.get(q)) for q, entities in scored if entities]
        self.knowledge = replace(self.knowledge, memory=Memory.from_rows(rows))


def _if_possible(train: Callable[[], Part]) -> Part | None:
    try:
        return train()
    except DataError:  # nothing was acted upon yet
        return None
