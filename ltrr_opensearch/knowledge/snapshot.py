"""What serving knows beyond the settings: one immutable snapshot, swapped whole with each release."""

from __future__ import annotations

from dataclasses import dataclass, field

from ltrr_opensearch.hypotheses.rerank import Reranker
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memory import Memory
from ltrr_opensearch.knowledge.personal import PersonalMemory
from ltrr_opensearch.knowledge.popularity import Popularity
from ltrr_opensearch.knowledge.terms import Terms


@dataclass(frozen=True, slots=True)
class Knowledge:
    memory: Memory = field(default_factory=lambda: Memory.from_rows(()))
    gazetteer: Gazetteer = field(default_factory=lambda: Gazetteer.from_values(()))
    aggregates: Aggregates = field(default_factory=Aggregates)
    popularity: Popularity = field(default_factory=Popularity)
    personal: PersonalMemory = field(default_factory=PersonalMemory)
    terms: Terms = field(default_factory=Terms)
    exposure: Exposure = field(default_factory=Exposure)
    readings: Reranker = field(default_factory=Reranker)

    @classmethod
    def empty(cls) -> Knowledge:
        """Before anything was learned."""
        return cls()
