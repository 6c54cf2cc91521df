"""Claims of all domains in one order, by likelihoods that each domain's own weights give.

A domain without weights is believed as it states itself: the share of systems that mean its claim, each counting as
much as it is sure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ltrr_opensearch.hypotheses.claims import Claim, confidence_of
from ltrr_opensearch.hypotheses.features import Level, Told, told
from ltrr_opensearch.hypotheses.model import DomainWeights
from ltrr_opensearch.hypotheses.values import Utterance
from ltrr_opensearch.types import Features


@dataclass(frozen=True, slots=True)
class Believed:
    claim: Claim
    likelihood: float
    """That all of it is right."""
    intent_likelihood: float
    """That its domain and intent are; the same for all claims of an intent."""
    weighted: bool
    """Whether its domain has weights."""


@dataclass(frozen=True, slots=True)
class Reranker:
    domains: Mapping[str, DomainWeights] = field(default_factory=dict)
    home: str = ""
    """The domain of the index's own readings."""

    def __bool__(self) -> bool:
        return bool(self.domains)

    def rerank(self, utterance: Utterance) -> tuple[Believed, ...]:
        """The likeliest intent first, and its likeliest slots; of equal intents the one that came first."""
        return self.order(utterance, told(utterance, Level.INTENT), told(utterance, Level.WHOLE))

    def order(self, utterance: Utterance, intents: Told, whole: Told) -> tuple[Believed, ...]:
        """The same where the features are at hand."""
        systems = len({one.system for one in utterance.hypotheses})
        intent = {claim.meant: self._likelihood(claim, Level.INTENT, features, systems) for claim, features in intents}
        found = []
        place = {claim.meant: place for place, (claim, _) in enumerate(intents)}
        for claim, features in whole:
            likely = intent[claim.meant]
            of_all = min(self._likelihood(claim, Level.WHOLE, features, systems), likely)
            found.append(Believed(claim, of_all, likely, claim.domain in self.domains))
        return tuple(sorted(found, key=lambda b: (-b.intent_likelihood, place[b.claim.meant], -b.likelihood)))

    def _likelihood(self, claim: Claim, level: Level, features: Features, systems: int) -> float:
        weights = self.domains.get(claim.domain)
        if weights is None:
            return sum(map(confidence_of, claim.backers)) / systems
        return weights.levels[level].likelihood(features)
