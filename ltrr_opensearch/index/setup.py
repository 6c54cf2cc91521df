"""Set-up of one index, step by step: what the cluster needs, the embeddings, what proxies must know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cached_property

from opensearchpy import NotFoundError, OpenSearch

from ltrr_opensearch.cluster.capabilities import Capabilities, detect
from ltrr_opensearch.index.backfill import Target
from ltrr_opensearch.index.counts import CountStore, ValueReader
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.fillers import DENSE, SPARSE
from ltrr_opensearch.index.following import Tally
from ltrr_opensearch.index.forget import forget_deleted, forget_unshared
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.own_vectors import VectorShape
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.prepare import (
    Fields,
    configured,
    feature_requests,
    index_requests,
    state_clashes,
    state_requests,
)
from ltrr_opensearch.index.proposals import Proposals
from ltrr_opensearch.index.publish import GAZETTEER, MADE_OF, outdated, publish, setup_parts
from ltrr_opensearch.index.requests import Request, perform
from ltrr_opensearch.index.retention import expire
from ltrr_opensearch.index.vectors import Progress, fill, targets_of
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings


class Setup:
    """`named` is what was asked for; `key` the name, alias, pattern or list under which it is configured.

    Proxies and learning know the key alone, so what is filled, kept and published is the key's as a whole.
    """

    def __init__(
        self, client: OpenSearch, settings: Settings, named: str, now: Callable[[], datetime], *, again: bool = False
    ) -> None:
        """`again`: values of slots and entities are read whole, whatever is known of them."""
        self._client = client
        self._settings = settings
        self._named = named
        self.key, self._index = configured(settings, named)
        self._now, self._again = now, again
        if self._index.vector:
            self.capabilities.require_knn(self._index.vector.engine)

    @cached_property
    def capabilities(self) -> Capabilities:
        return detect(self._client)

    @cached_property
    def targets(self) -> list[Target]:
        """Where our vectors and learned terms go; none where there are none, or they come from elsewhere."""
        return targets_of(self._client, self._settings, self.key, self._index)

    @property
    def field(self) -> str:
        """The vector field that this encoder's searches use."""
        return self._field(DENSE) or (self._index.vector.field if self._index.vector else "")

    @property
    def sparse_field(self) -> str:
        """The field of learned terms that this sparse encoder's searches use."""
        return self._field(SPARSE) or (self._index.sparse.field if self._index.sparse else "")

    def _field(self, kind: str) -> str:
        return next((target.field for target in self.targets if target.filler.kind == kind), "")

    @property
    def shape(self) -> VectorShape | None:
        """The vector field, whoever fills it; None for an index without."""
        return VectorShape(self.field, self._index.vector.dimension) if self._index.vector else None

    @property
    def effective(self) -> IndexSettings:
        """The index's settings with the vector field as it is now."""
        vector = self._index.vector
        if vector is None:
            return self._index
        return self._index.model_copy(update={"vector": vector.model_copy(update={"field": self.field})})

    def requests(self) -> list[Request]:
        """Everything that must change in the cluster before documents are touched."""
        return [
            *state_requests(self._client, self._settings.state),
            *self._index_requests(),
            *feature_requests(self._client, self.effective, self.capabilities),
        ]

    def clashes(self) -> list[str]:
        """What set-up cannot mend in the indexes that keep our state, in words."""
        return state_clashes(self._client, self._settings.state)

    def further(self) -> Iterator[str]:
        """What a run would do besides, in words: it depends on what the documents hold."""
        try:
            documents = self._client.count(index=self.key)["count"]
        except NotFoundError:
            documents = 0
        for target in self.targets:
            lacking = f"{target.field} for those of {documents} documents that lack it"
            yield f"then POST /_bulk with partial updates: {lacking}"
        made = self._parts(self._reader()) if documents else {}
        parts = outdated(self._client, self._settings.state.prefix, self.key, made) if documents else {}
        if parts:
            yield f"then a release with {', '.join(sorted(parts))} into {self._settings.state.prefix}_models"

    def prepare(self) -> Iterator[Request]:
        """Sends the requests, each given when it is done."""
        for request in self.requests():
            perform(self._client, request)
            yield request

    def fill(self, target: Target, failures: Failures, pace: Pace, progress: Progress) -> tuple[Tally, bool]:
        """Backfills one of the targets. Returns the counts, and whether nothing is left to do."""
        prefix = self._settings.state.prefix
        return fill(self._client, prefix, self.key, target, failures, pace, progress, self._now)

    @cached_property
    def proposals(self) -> Proposals | None:
        """Values proposed for what documents lack, where the index asks for them."""
        if self._index.proposals is None:
            return None
        return Proposals(self._client, self._settings.state.prefix, self.key, self.effective, self._now)

    def tidy(self) -> Iterator[str]:
        """What sync does besides: forgets deleted documents and lets old logs expire."""
        prefix = self._settings.state.prefix
        if forgotten := forget_deleted(self._client, prefix, self.key, self._index.named_by):
            yield f"{self.key}: {forgotten} entities of deleted documents left the memory"
        kept, users = self._settings.log.retention_days, self._settings.learn.memory_users
        before = self._now() - timedelta(days=kept)
        if users > 1 and (few := forget_unshared(self._client, f"{prefix}_memory", users, before)):
            yield f"{few} queries of fewer than {users} people, older than {kept} days, left the memory"
        yield from expire(self._client, self._settings.state, kept, self._now())

    def publish(self) -> Iterator[str]:
        """Tells the proxies, where something differs from what is published."""
        prefix, reader = self._settings.state.prefix, self._reader()
        made = self._parts(reader)
        self._remember(made.get(GAZETTEER), reader)
        if reader.said:
            yield f"read the values of {reader.said}"
        parts = outdated(self._client, prefix, self.key, made)
        if parts:
            release = publish(self._client, prefix, self.key, parts)
            yield f"published {', '.join(sorted(parts))} as release {release}"

    def _index_requests(self) -> list[Request]:
        """What is named is made where it is missing; all that the key covers gets what it lacks."""
        proposals = self._index.proposals
        fields = Fields(self.field or None, self.sparse_field or None, proposals.field if proposals else None)
        if self._named == self.key or self._client.indices.exists(index=self._named):
            return index_requests(self._client, self.key, self._index, fields)
        creation = index_requests(self._client, self._named, self._index, fields)
        others = self._client.indices.get_alias(index=self.key, params={"ignore_unavailable": "true"})
        return [*creation, *(index_requests(self._client, self.key, self._index, fields) if others else ())]

    def _reader(self) -> ValueReader:
        counts = CountStore(self._client, self._settings.state.prefix, self.key, self._now)
        return ValueReader(self._client, self.key, self.effective, counts, again=self._again)

    def _parts(self, reader: ValueReader) -> dict[str, Part]:
        current = ReleaseStore(self._client, self._settings.state.prefix).current(self.key)
        read = None if self._again else JobStore(self._client, self._settings.state.prefix).gazetteer_of(self.key)
        serving = {k: p for k, p in current.parts.items() if not (self._again and k == GAZETTEER)} if current else None
        return setup_parts(self._client, self.key, self.effective, self._now(), serving, read, reader.gazetteer)

    def _remember(self, gazetteer: Part | None, reader: ValueReader) -> None:
        """A changed index may give the same values: then nothing is published, and they need not be read again."""
        reader.keep()
        jobs = JobStore(self._client, self._settings.state.prefix)
        state = str(gazetteer.meta.get(MADE_OF)) if gazetteer else ""
        if gazetteer and jobs.gazetteer_of(self.key) != (state, gazetteer.sha256):
            jobs.save_gazetteer_of(self.key, state, gazetteer.sha256, self._now())
