"""Events in the order of their writes: each has a higher sequence number in its shard, whatever its time says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError

from ltrr_opensearch.index.shards import Shard, highest, shards_of, written
from ltrr_opensearch.learn.read import EVENT_PAGE, IMPRESSION, to_event
from ltrr_opensearch.log.records import zoned
from ltrr_opensearch.logged import Event

Marks = Mapping[str, int]
"""By shard, the highest sequence number that was read."""


class ShardRead(NamedTuple):
    """A shard of events that is read from after one write to another. `noted`: an earlier run had read it."""

    shard: Shard
    after: int
    upto: int
    noted: bool


def shards_read(client: OpenSearch, events_index: str, marks: Marks, upto: Marks | None = None) -> list[ShardRead]:
    """What is new since `marks`, up to now or up to other marks. An index that does not exist has no shards."""
    try:
        shards = shards_of(client, events_index)
    except NotFoundError:
        return []
    tops = [highest(client, one) if upto is None else upto.get(one.key, -1) for one in shards]
    return [
        ShardRead(one, marks.get(one.key, -1), top, one.key in marks) for one, top in zip(shards, tops, strict=True)
    ]


def events_written(
    client: OpenSearch, read: ShardRead, oldest: datetime, counts: Counter[str]
) -> Iterator[list[Event]]:
    """Those of a time from `oldest` on, page by page, without impressions.

    What was written again, under its old `_id`, was counted when it was new.
    """
    shown = [{"term": {"action_name": IMPRESSION}}, {"term": {"action_name.keyword": IMPRESSION}}]
    wanted = {"must": {"range": {"timestamp": {"gte": zoned(oldest)}}}, "must_not": shown}
    for hits in written(client, read.shard, read.after, read.upto, {"version": True}, EVENT_PAGE, wanted):
        first = [hit for hit in hits if hit["_version"] == 1]
        counts["events written again"] += len(hits) - len(first)
        yield [event for hit in first if (event := to_event(hit["_source"])) is not None]
