"""Keeping a gazetteer up to date: whole, or by what was written since it was last read.

Up to which write of each shard documents are counted is one number, kept with the counts. What is no longer
found (deleted documents, values that were changed) goes with the next whole reading, which comes when so many documents
were written or went since the last one that it matters. Until then a value that nobody has does no harm: a search for
it falls back in the same request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.index.changes import read_for
from ltrr_opensearch.index.distributions import kinds_of
from ltrr_opensearch.index.gazetteer import MAX_FIELD_VALUES, count_whole
from ltrr_opensearch.index.mentions import fields_read
from ltrr_opensearch.index.recount import Recount
from ltrr_opensearch.index.sample import SAMPLE
from ltrr_opensearch.index.shards import Shard, count, highest, is_filtered, shards_of, written
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.counted import Counted
from ltrr_opensearch.types import Json

PAGE = 500


@dataclass(frozen=True, slots=True)
class Known:
    """What was counted, of which documents: per shard those written up to a mark."""

    counted: Counted
    read_for: str
    """Digest of the settings."""
    marks: Mapping[str, int]
    whole: Mapping[str, int]
    """The marks as they were at the last whole reading."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    known: Known
    documents: int
    """In the index."""
    said: str
    """What was read, and why."""


def refreshed(
    client: OpenSearch, index: str, settings: IndexSettings, known: Known | None, *, again: bool = False
) -> Refreshed:
    try:
        client.indices.refresh(index=index)
        shards, documents = shards_of(client, index), int(client.count(index=index)["count"])
        why = "asked for" if again else _whole_because(client, index, shards, documents, settings, known)
        if known is None or why:
            return _whole(client, index, settings, shards, documents, why)
        return _further(client, settings, shards, documents, known)
    except OpenSearchException as e:
        raise ClusterError(f"cannot read what was written to {index!r}: {e}") from e


def _whole_because(
    client: OpenSearch,
    index: str,
    shards: Iterable[Shard],
    documents: int,
    settings: IndexSettings,
    known: Known | None,
) -> str:
    """Why all has to be read; empty where what was written since is enough."""
    if known is None:
        return "no earlier counts"
    if known.read_for != read_for(settings) or known.counted.kinds != kinds_of(client, index, settings):
        return "other fields or settings"
    if is_filtered(client, index):
        return "which an alias filters"
    if {shard.key for shard in shards} != known.marks.keys():
        return "the index was made anew, or others belong to it"
    top = sum(count(client, shard, known.whole[shard.key], highest(client, shard)) for shard in shards)
    changed = max(top, abs(known.counted.documents - documents))
    if changed > settings.reread_from * documents:
        return f"{changed} of {documents} documents were written or went since it was last read whole"
    return ""


def _whole(
    client: OpenSearch, index: str, settings: IndexSettings, shards: Iterable[Shard], documents: int, why: str
) -> Refreshed:
    marks = {shard.key: highest(client, shard) for shard in shards}  # what is written meanwhile comes again
    known = Known(count_whole(client, index, settings, documents), read_for(settings), marks, marks)
    return Refreshed(known, documents, f"{documents} documents, {why}")


def _further(
    client: OpenSearch, settings: IndexSettings, shards: Iterable[Shard], documents: int, known: Known
) -> Refreshed:
    recount = Recount(known.counted, settings, most_values=MAX_FIELD_VALUES, most_texts=SAMPLE)
    read: Json = {"_source": False, "fields": fields_read(settings), "version": True}
    marks, found = dict(known.marks), 0
    for shard in shards:
        top = highest(client, shard)
        for page in written(client, shard, marks[shard.key], top, read, PAGE):
            for hit in page:
                recount.add(hit.get("fields", {}), created=hit["_version"] == 1)
            found += len(page)
        marks[shard.key] = max(top, marks[shard.key])
    refreshed = replace(known, counted=recount.after(), marks=marks)
    return Refreshed(refreshed, documents, f"{found} of {documents} documents, written since")
