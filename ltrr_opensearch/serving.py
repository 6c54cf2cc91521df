"""Everything that a search of one index needs of the release in force: parts put together once, swapped whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.choose.action import action_features
from ltrr_opensearch.choose.context import context_features
from ltrr_opensearch.choose.draw import draw
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.rarity import rarity
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.counting import who
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.logged import FAILED, POLICY, Placed, Trial
from ltrr_opensearch.protocols import Fusion, Policy, Ranker, Strategy
from ltrr_opensearch.rank.feature_sets import FeatureSet
from ltrr_opensearch.rank.place import placed
from ltrr_opensearch.rank.rows import MEMORY_COLUMNS, OWN, POPULAR_COLUMNS, SHARED_WORDS, rows
from ltrr_opensearch.retrieve.documents import Documents
from ltrr_opensearch.retrieve.fan_out import FanOut, Logged
from ltrr_opensearch.rules.book import Rules, narrowed
from ltrr_opensearch.types import (
    AnalyzedQuery,
    Asker,
    Candidate,
    Draw,
    Features,
    Matrix,
    PlanResult,
    QueryPlan,
    Ranked,
    SearchRequest,
)
from ltrr_opensearch.understand.analyze import analyze
from ltrr_opensearch.understand.recognise import SlotFields

FUSED = "fused"
"""Name of the order without a learned ranker."""
COLD = "cold"
"""Phase of an index of which no policy is learned: the safe plan acts, with the floor of exploration."""


class Chosen(NamedTuple):
    """How deep each plan is asked, and who said so."""

    context: Features
    draw: Draw
    group: str
    shadow: tuple[int, ...] = ()
    """What the policy would have drawn, where it only looks on."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The parts in force for one configured index. Pure, and safe to share between searches."""

    key: str
    index: IndexSettings
    choose: ChooseSettings
    release: str
    phase: str
    knowledge: Knowledge
    strategies: tuple[Strategy, ...]
    policy: Policy
    fusion: Fusion
    ranker: Ranker | None
    columns: tuple[str, ...]
    """Names of the columns of the rows that are ranked and logged."""
    logged: Logged
    hidden: tuple[str, ...]
    """Fields that we added to the documents: no client sees them unless it names them."""
    slot_fields: SlotFields | None = None
    """The slot fields as they are recognised by this gazetteer; made for each search where they are not given."""
    logged_as: Callable[[Asker], Asker] = lambda asker: asker
    """How the log writes who asks: people are known by these names only."""
    group: str = POLICY
    share: float = 1.0
    """The share of people whom this serves; the others are served by `control`."""
    control: Serving | None = None
    shadow: Policy | None = None
    """Draws beside, and nothing comes of it but a record."""
    arms: tuple[Serving, ...] = ()
    """What serves each arm of the index's live experiment; none where there is no experiment."""
    awaited: Logged = field(init=False)
    """Of the logged features those that the ranker's model reads: an answer waits for no others."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "awaited", replace(self.logged, features=self._read()))

    def _read(self) -> FeatureSet:
        every = self.logged.features
        if self.ranker is None:
            return every.only(())
        # a model inside the cluster reads its whole feature set there
        return every if self.logged.otherwise else every.only(getattr(self.ranker, "used", self.ranker.features))

    def reads_objects(self, query: AnalyzedQuery) -> bool:
        """Whether the ranker must know what events name the candidates by: it asks how they worked before."""
        if self.index.named_by is None or self.ranker is None:
            return False
        known = {
            *(MEMORY_COLUMNS if query.remembered else ()),
            *((OWN,) if query.own else ()),
            *((SHARED_WORDS,) if self.knowledge.memory.words.knows(query.tokens) else ()),
            *(POPULAR_COLUMNS if self.knowledge.popularity else ()),
        }
        return not known.isdisjoint(getattr(self.ranker, "used", self.ranker.features))

    @property
    def arm_names(self) -> tuple[str, ...]:
        return tuple(arm.name for arm in self.index.experiment.arms) if self.index.experiment else ()

    @property
    def staged(self) -> bool:
        """Whether anything makes an order after the ranker."""
        return self.index.second_stage is not None or self.index.diversify is not None

    @property
    def ranker_name(self) -> str:
        return self.ranker.name if self.ranker else FUSED

    def analyze(self, request: SearchRequest) -> AnalyzedQuery:
        query = analyze(request, self.knowledge, self.index, self.slot_fields)
        if not self.knowledge.personal:
            return query
        return replace(query, own=self.knowledge.personal.of(who(self.logged_as(request.asker)), query.normalized))

    def propose(self, query: AnalyzedQuery, left_out: Callable[[str], None]) -> tuple[QueryPlan, ...]:
        """The plans of all strategies; one that fails is named to `left_out`."""
        plans: list[QueryPlan] = []
        for strategy in self.strategies:
            try:
                plans += tuple(strategy.plan(query))
            except Exception:  # strategies may be anybody's
                left_out(strategy.name)
        return tuple(plans)

    @property
    def safe(self) -> Policy:
        """Every plan at the safe depth."""
        return Fixed(self.choose.safe_depth)

    def of(self, place: float) -> Serving:
        """What serves somebody who stands at `place` in [0, 1)."""
        return self if self.control is None or place < self.share else self.control

    def draw(self, query: AnalyzedQuery, plans: Sequence[QueryPlan], seed: int, broken: Callable[[], None]) -> Chosen:
        """The depths of all plans. A policy that fails is told to `broken`, and the safe plan takes its place."""
        context, actions = self._told(query, plans)
        drawn = partial(draw, plans=plans, context=context, actions=actions, seed=seed, query=query.normalized)
        explore = query.request.asker.explore
        try:
            chosen = drawn(self.policy, choose=self.choose, explore=explore)
            beside = drawn(self.shadow, choose=self.choose, explore=explore) if self.shadow else None
        except Exception:  # policies may be anybody's
            broken()
            return Chosen(context, drawn(self.safe, choose=self.choose, explore=False), FAILED)
        return Chosen(context, chosen, self.group, tuple(s.depth for s in beside.slots) if beside else ())

    def _told(self, query: AnalyzedQuery, plans: Sequence[QueryPlan]) -> tuple[Features, Sequence[Features]]:
        """What the policy is told of the search, and of each plan."""
        aggregates, groups = self.knowledge.aggregates, self.choose.features
        person = who(self.logged_as(query.request.asker))
        context = context_features(query, aggregates, query.request.at, person, groups)
        if "text" in groups:
            context = {**context, **rarity(query.tokens, self.knowledge.terms)}
        return context, action_features(plans, query, aggregates, person, groups)

    def place(
        self, request: SearchRequest, ranked: Sequence[Ranked], drawn: Draw, seed: int
    ) -> tuple[tuple[Ranked, ...], Placed | None]:
        """The order as it is shown: one candidate may have a place to learn of it, where the asker lets us explore."""
        share = self.choose.near_share * self.choose.explore_share if request.asker.explore else 0.0
        return placed(ranked, drawn, seed, share)

    def fuse(self, results: Sequence[PlanResult]) -> list[Candidate]:
        """The union, best first as far as the plans' own orders tell."""
        return self.fusion.fuse(results)

    def rank(
        self, query: AnalyzedQuery, candidates: Sequence[Candidate], results: Sequence[PlanResult], window: int
    ) -> tuple[Ranked, ...]:
        """The order: the first `window` candidates by the ranker where there is one, the rest as they were fused."""
        if self.ranker is None or window < 2:  # one alone has no order
            return tuple(Ranked(c, rank, c.fused) for rank, c in enumerate(candidates, start=1))
        head = candidates[:window]
        scores = self.ranker.score(self.rows(query, head, results, self.ranker.features))
        order = np.argsort(-scores, kind="stable")
        below = float(scores.min(initial=0.0))
        ranked = [(head[i], float(scores[i])) for i in order] + [(c, below) for c in candidates[window:]]
        return tuple(Ranked(c, rank, score) for rank, (c, score) in enumerate(ranked, start=1))

    def rows(
        self, query: AnalyzedQuery, candidates: Sequence[Candidate], results: Sequence[PlanResult], names: Sequence[str]
    ) -> Matrix:
        by_id = self.index.named_by is None
        known = self.knowledge
        return rows(candidates, query, results, names, known.popularity, known.memory.words, by_id=by_id)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search with what holds for all its requests. `key` is that of its pages, `seed` that of its draw."""

    request: SearchRequest
    serving: Serving
    key: str
    seed: int
    rivals: tuple[Serving, ...] = ()
    """The two arms of an experiment that make this page together; none where `serving` makes it."""
    trial: Trial | None = None
    rules: Rules = ()
    """Those that the query meets."""

    def under(self, rules: Rules) -> Asked:
        """The search under rules: what they exclude is nowhere. Its pages and draw stay its own."""
        return replace(self, request=narrowed(self.request, rules), rules=rules) if rules else self

    @property
    def systems(self) -> tuple[Asked, ...]:
        """The search as each of those asks it that make its page."""
        return tuple(replace(self, serving=one, rivals=()) for one in self.rivals) or (self,)

    @property
    def preference(self) -> str:
        """The same for all requests of a search and its repeats: the same shard copies, the same statistics."""
        return f"ltrr{self.key[:16]}"

    def documents(self, fan_out: FanOut) -> Documents:
        """Reads documents for this search, as its caller."""
        return fan_out.documents(self.request, self.serving.hidden, self.preference)

    @property
    def before_its_pages(self) -> Asked:
        """The same search without a page."""
        return replace(self, request=replace(self.request, offset=0, size=0))
