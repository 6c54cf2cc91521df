"""Predicts queries for the documents of an index and puts them into the memory: the loop of `ltrr predict-queries`.

Shard by shard in the order of sequence numbers, as sync goes, from the last mark: a run that broke off goes on, and a
later one does what was written since. Which relevance is enough is found once, on documents drawn at random.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from opensearchpy import OpenSearch

from ltrr_opensearch.index.backfill import key_field
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.sample import drawn
from ltrr_opensearch.index.shards import Shard, changed, count, highest, shards_of
from ltrr_opensearch.index.texts import includes, text_of, values_of
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.learn.job import Job, memory_part
from ltrr_opensearch.predict.predictor import Described
from ltrr_opensearch.predict.relevance import Judged, Relevance, kept, threshold
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.types import Json
from ltrr_opensearch.understand.embedding_cache import embedding_key

PAGE = 200
SAMPLE = 500
"""Documents drawn at random, by which the least relevance is found."""
LOOKED_UP = 500
NO_FIELD = "ltrr_no_vectors"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to predict: by which predictor, how many queries a document, and which share of them is kept."""

    by: str
    queries: int
    share: float


class Catalogue:
    """The documents of a configured index, as predictors see them."""

    def __init__(self, client: OpenSearch, key: str, index: IndexSettings, encoder: Encoder) -> None:
        self._client, self._key, self._index, self._encoder = client, key, index, encoder
        self.vector = index.vector.field if index.vector else NO_FIELD
        titled = sorted(index.text_fields, key=lambda field: -index.text_fields[field])
        self._fields = tuple(dict.fromkeys([*titled, *index.slot_names]))
        named = [index.named_by] if index.named_by else []
        self._embedded = (index.vector.source_fields if index.vector else ()) or tuple(index.text_fields)
        self._theirs = bool(index.vector and not index.vector.backfill)
        """Whether vectors come from elsewhere, with no key of ours."""
        self.source = includes([*self._fields, *self._embedded, self.vector, key_field(self.vector), *named])

    def of(self, ids: Iterable[str]) -> Iterator[Described]:
        """Those of these names that are there."""
        wanted, named = sorted(ids), self._index.named_by
        for start in range(0, len(wanted), LOOKED_UP):
            part = wanted[start : start + LOOKED_UP]
            query: Json = {"terms": {named: part}} if named else {"ids": {"values": part}}
            body = {"query": query, "size": len(part), "_source": self.source}
            hits = self._client.search(index=self._key, body=body)["hits"]["hits"]
            yield from self.described([(hit["_id"], hit["_source"]) for hit in hits])

    def sample(self, size: int) -> list[Described]:
        hits = drawn(self._client, self._key, {"_source": self.source}, size)
        return self.described([(hit["_id"], hit["_source"]) for hit in hits])

    def described(self, sources: Sequence[tuple[str, Mapping[str, object]]]) -> list[Described]:
        """Documents with a text; their vectors are those of the index, or made here."""
        told = [
            (self._name(id, source), text, source)
            for id, source in sources
            if (text := text_of(source, self._embedded))
        ]
        vectors = [self._stored(source, text) for _, text, source in told]
        lacking = [i for i, vector in enumerate(vectors) if vector is None]
        if lacking:
            fresh = self._encoder.encode([told[i][1] for i in lacking])
            for i, vector in zip(lacking, fresh, strict=True):
                vectors[i] = vector
        unit = [np.asarray(v, np.float32) / max(float(np.linalg.norm(np.asarray(v))), 1e-12) for v in vectors]
        return [
            Described(id, text, {f: tuple(map(str, values_of(source, f.split(".")))) for f in self._fields}, vector)
            for (id, text, source), vector in zip(told, unit, strict=True)
        ]

    def _stored(self, source: Mapping[str, object], text: str) -> object | None:
        """The document's vector, if it is of this text by this encoder."""
        ours = source.get(key_field(self.vector)) == embedding_key(self._encoder.digest, text)
        return source.get(self.vector) if ours or self._theirs else None

    def _name(self, id: str, source: Mapping[str, object]) -> str:
        """As events, and so the memory, name the document."""
        named = self._index.named_by
        return next((str(v) for v in values_of(source, named.split("."))), id) if named else id


@dataclass(frozen=True)
class Predicting:
    """A run. `start` is told how many documents there are, `advance` how many more are done."""

    job: Job
    catalogue: Catalogue
    relevance: Relevance
    wanted: Wanted
    start: Callable[[int], None]
    advance: Callable[[int], None]

    def tried(self) -> tuple[list[Judged], float, Counter[str]]:
        """What would be predicted for documents drawn at random, the least relevance, and counts."""
        documents = self.catalogue.sample(SAMPLE)
        judged = self.relevance.judged(documents)
        least = threshold(judged, self.wanted.share)
        return kept(judged, least), least, _told(judged, least)

    def run(self, *, again: bool) -> Counter[str]:
        """Predicts for what was written since the last run of this kind, or `again` for everything."""
        job, counts, notes = self.job, Counter[str](), JobStore(self.job.client, self.job.prefix)
        note = {} if again else notes.predicted(job.index)
        plan = asdict(self.wanted)
        same = note.get("plan") == plan
        marks: dict[str, int] = {k: int(v) for k, v in note["marks"].items()} if same else {}
        least = float(note["least"]) if same else self.tried()[1]
        shards = [(shard, highest(job.client, shard)) for shard in self._refreshed()]
        self.start(sum(count(job.client, shard, marks.get(shard.key, -1), top) for shard, top in shards))
        for shard, top in shards:
            for page in changed(
                job.client, shard, marks.get(shard.key, -1), top, self.catalogue.source, self.catalogue.vector, PAGE
            ):
                documents = self.catalogue.described([(d.id, d.source) for d in page])
                self._remember(self.relevance.judged(documents), least, counts)
                marks[shard.key] = page[-1].seq_no
                notes.save_predicted(job.index, plan, least, marks, job.now)
                self.advance(len(page))
        return counts

    def _refreshed(self) -> list[Shard]:
        self.job.client.indices.refresh(index=self.job.index)
        return shards_of(self.job.client, self.job.index)

    def _remember(self, judged: Sequence[Sequence[Judged]], least: float, counts: Counter[str]) -> None:
        by_query: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for one in kept(judged, least):
            by_query[one.query][one.id] = round(one.score, 4)
        self.job.memory.foresee(by_query, self.job.now, counts)
        counts.update(_told(judged, least))


def publish(job: Job, encoder: Encoder, counts: Counter[str]) -> str:
    """The memory with its predictions, as a release of its own."""
    part = memory_part(job, encoder, counts)
    return job.store.publish(job.index, {"memory": part}, "predict-queries", unless_pinned=True)


def _told(judged: Sequence[Sequence[Judged]], least: float) -> Counter[str]:
    every = [one for some in judged for one in some]
    return Counter(
        {
            "documents": len(judged),
            "documents without a prediction": sum(not some for some in judged),
            "predictions": len(every),
            "predictions of too little relevance": sum(one.relevance < least for one in every),
        }
    )
