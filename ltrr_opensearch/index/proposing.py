"""Keeps the proposals of documents as they should be, beside what the documents state.

They stand in a `rank_features` field of ours, by field and value, each with its confidence. The originals are only
read: where one is filled, what was proposed for it goes. A document whose proposals are as they should be is not
written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ltrr_opensearch.index.following import Following
from ltrr_opensearch.index.shards import Document
from ltrr_opensearch.index.written import Reading
from ltrr_opensearch.index_settings import ProposalSettings
from ltrr_opensearch.propose.names import feature_name
from ltrr_opensearch.propose.proposer import Proposed, Proposer
from ltrr_opensearch.types import Json

SAME = 0.05
"""Confidences that differ by no more are the same: learning again would rewrite every document otherwise."""
WRITE = (
    "if (params.proposed.isEmpty()) { ctx._source.remove(params.field) }"
    " else { ctx._source[params.field] = params.proposed }"
)
"""Takes the place of all that was proposed before: a partial document would be merged with it."""


@dataclass(kw_only=True)
class Proposing(Following):
    proposer: Proposer
    reading: Reading
    settings: ProposalSettings

    @property
    def fields(self) -> list[str]:
        return [*self.reading.source, self.settings.field]

    def updates(self, documents: Sequence[Document]) -> list[tuple[Document, Json]]:
        written = [self.reading.written(d.id, d.source) for d in documents]
        wanted = map(features_of, self.proposer.propose(written, self.settings.least))
        field = self.settings.field
        changed = [(d, w) for d, w in zip(documents, wanted, strict=True) if not same(d.source.get(field) or {}, w)]
        self.tally.unchanged += len(documents) - len(changed)
        self.pace.wait(len(changed))
        return [(d, _update(field, features)) for d, features in changed]


def features_of(proposed: Mapping[str, Sequence[Proposed]]) -> dict[str, float]:
    """As the documents hold them."""
    return {feature_name(f, p.key): round(p.confidence, 3) for f, of in proposed.items() for p in of}


def same(held: Mapping[str, float], wanted: Mapping[str, float]) -> bool:
    return held.keys() == wanted.keys() and all(abs(held[name] - wanted[name]) <= SAME for name in wanted)


def _update(field: str, features: Mapping[str, float]) -> Json:
    return {"script": {"source": WRITE, "params": {"field": field, "proposed": dict(features)}}}
