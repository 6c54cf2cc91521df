"""Cuts a window of the log into stretches of time that hold some thousand searches each.

Stretches depend on the log and the window alone, never on how many workers read them: so the same log is learned the
same way by one worker as by ten.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from opensearchpy import OpenSearch

from ltrr_opensearch.cluster import whole
from ltrr_opensearch.learn.read import Window, decisions_index, in_window
from ltrr_opensearch.types import Json

SEARCHES = 1000
"""Least searches of a stretch, but for the last."""
_BUCKETS = 10_000
_LEAST = timedelta(milliseconds=1)
_MICRO = timedelta(microseconds=1)


def stretches(client: OpenSearch, prefix: str, index: str, window: Window, searches: int = SEARCHES) -> list[Window]:
    """Windows one after the other that together are the given one; each of `searches` or, in a rush, some more."""
    first = window.after or _first(client, prefix, index, window)
    if first is None or first >= window.until:
        return [window]
    cuts: list[datetime] = []
    held = 0
    for end, count in _histogram(client, prefix, index, window, first):
        held += count
        if held >= searches and end < window.until:
            cuts.append(end)
            held = 0
    ends = [*cuts, window.until]
    return [Window(after, until) for after, until in zip([window.after, *cuts], ends, strict=True)]


def _first(client: OpenSearch, prefix: str, index: str, window: Window) -> datetime | None:
    body: Json = {"size": 0, "query": in_window(index, window), "aggs": {"first": {"min": {"field": "@timestamp"}}}}
    first = whole.search(client, body, decisions_index(prefix)).get("aggregations", {}).get("first", {}).get("value")
    return None if first is None else datetime.fromtimestamp(first / 1000, UTC) - _LEAST


def _histogram(
    client: OpenSearch, prefix: str, index: str, window: Window, first: datetime
) -> Iterator[tuple[datetime, int]]:
    """(end, searches) of short intervals in the order of time."""
    interval_ms = max(1, -(-(window.until - first) // _LEAST) // _BUCKETS)
    histogram = {"field": "@timestamp", "fixed_interval": f"{interval_ms}ms", "min_doc_count": 1}
    body: Json = {"size": 0, "query": in_window(index, window), "aggs": {"in_time": {"date_histogram": histogram}}}
    found = whole.search(client, body, decisions_index(prefix))
    for bucket in found["aggregations"]["in_time"]["buckets"]:
        # a window includes its end, a bucket does not
        yield datetime.fromtimestamp((bucket["key"] + interval_ms) / 1000, UTC) - _MICRO, bucket["doc_count"]
