"""Vectors of a whole index: which field, filled by which encoder, from set-up and sync alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from opensearchpy import OpenSearch

from ltrr_opensearch.index.backfill import Backfill, Target
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.fillers import DenseFiller, Filler, SparseFiller
from ltrr_opensearch.index.following import Tally
from ltrr_opensearch.index.jobs import JobStore, VectorField
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.shards import shards_of
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.understand.embedding_cache import CachedEncoder, EmbeddingCache, cache_folder
from ltrr_opensearch.understand.encoders import load_encoder
from ltrr_opensearch.understand.sparse_encoders import load_sparse_encoder


@dataclass(frozen=True, slots=True)
class Progress:
    """How a run tells how far it is, in documents."""

    start: Callable[[int], None]
    advance: Callable[[int], None]


def fills_vectors(settings: Settings, index: IndexSettings) -> bool:
    """Whether vectors of this index are ours to make."""
    return bool(index.vector and index.vector.backfill and settings.encoder.model)


def load_document_encoder(settings: Settings, index: IndexSettings) -> CachedEncoder:
    """The configured encoder behind the cache on disk."""
    dimension = index.vector.dimension if index.vector else None
    encoder = load_encoder(settings.encoder, dimension)
    return CachedEncoder(encoder, EmbeddingCache(cache_folder(settings.encoder.cache_dir)))


def targets_of(client: OpenSearch, settings: Settings, key: str, index: IndexSettings) -> list[Target]:
    """The fields that the configured encoders fill; a new one after an encoder was changed. Loads the encoders."""
    store = JobStore(client, settings.state.prefix)

    def target(filler: Filler, base: str, sources: Sequence[str]) -> Target:
        fields = store.vector_fields(key, filler.kind)
        return Target(fields.name_for(filler.digest, base), tuple(sources) or tuple(index.text_fields), filler)

    targets = []
    if index.vector and fills_vectors(settings, index):
        dense = DenseFiller(load_document_encoder(settings, index))
        targets.append(target(dense, index.vector.field, index.vector.source_fields))
    if index.sparse and settings.sparse_encoder.model:
        sparse = SparseFiller(load_sparse_encoder(settings.sparse_encoder))
        targets.append(target(sparse, index.sparse.field, index.sparse.source_fields))
    return targets


def fill(
    client: OpenSearch,
    prefix: str,
    key: str,
    target: Target,
    failures: Failures,
    pace: Pace,
    progress: Progress,
    now: Callable[[], datetime],
) -> tuple[Tally, bool]:
    """Gives what was written since the last run its vectors. Also returns whether nothing is left."""
    store, digest, kind = JobStore(client, prefix), target.filler.digest, target.filler.kind
    fields = store.vector_fields(key, kind)
    if digest not in fields.by_encoder:
        fields = fields.having(digest, VectorField(target.field, complete=False))
        store.save_vector_fields(key, fields, now(), kind)
    marks = store.marks(key, digest)
    shards = shards_of(client, key)
    for index in sorted({s.index for s in shards}):
        client.indices.refresh(index=index)
    run = Backfill(
        client=client,
        target=target,
        marks=marks,
        failures=failures,
        pace=pace,
        on_mark=lambda: store.save_marks(key, digest, marks, now()),
        on_progress=progress.advance,
    )
    progress.start(run.waiting(shards))
    done = run.run(shards)
    if done and not fields.by_encoder[digest].complete:
        store.save_vector_fields(key, fields.having(digest, VectorField(target.field, complete=True)), now(), kind)
    return run.tally, done
