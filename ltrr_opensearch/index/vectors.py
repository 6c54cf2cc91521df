"""Vectors of a whole index: which field, filled by which encoder, from set-up and sync alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from opensearchpy import OpenSearch

from ltrr_opensearch.index.backfill import Backfill, Tally, Target
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.jobs import JobStore, VectorField
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.shards import shards_of
from ltrr_opensearch.index.texts import source_fields
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.understand.embedding_cache import CachedEncoder, EmbeddingCache, cache_folder
from ltrr_opensearch.understand.encoders import load_encoder


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


def target_for(client: OpenSearch, settings: Settings, key: str, index: IndexSettings, encoder: Encoder) -> Target:
    """The field that this encoder fills, which is a new one after the encoder was changed."""
    assert index.vector is not None
    fields = JobStore(client, settings.state.prefix).vector_fields(key)
    return Target(fields.name_for(encoder.digest, index.vector.field), source_fields(index), encoder)


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
    store, digest = JobStore(client, prefix), target.encoder.digest
    fields = store.vector_fields(key)
    if digest not in fields.by_encoder:
        fields = fields.having(digest, VectorField(target.field, complete=False))
        store.save_vector_fields(key, fields, now())
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
        store.save_vector_fields(key, fields.having(digest, VectorField(target.field, complete=True)), now())
    return run.tally, done
