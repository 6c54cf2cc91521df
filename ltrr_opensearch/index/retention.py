"""Decisions expire: a month's index goes when its last day is older than the setting; UBI's documents go one by one.

Not every cluster has index state management, so sync does it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from opensearchpy import NotFoundError, OpenSearch

from ltrr_opensearch.settings import StateSettings

ORDERS_LIVE = timedelta(hours=1)
"""Much longer than anybody goes on paging."""


def expire(client: OpenSearch, state: StateSettings, retention_days: int, now: datetime) -> list[str]:
    """Deletes what is older; returns what, in words."""
    said = []
    found = client.indices.get(index=f"{state.prefix}_decisions-*", params={"filter_path": "*.settings.index.uuid"})
    for name in expired(state.prefix, found, retention_days, now):
        client.indices.delete(index=name)
        said.append(f"deleted {name}, older than {retention_days} days")
    before = (now - timedelta(days=retention_days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for index in (state.ubi_queries, state.ubi_events):
        body = {"query": {"range": {"timestamp": {"lt": before}}}}
        try:
            deleted = client.delete_by_query(index=index, body=body, params={"conflicts": "proceed"})["deleted"]
        except NotFoundError:
            continue
        if deleted:
            said.append(f"deleted {deleted} documents of {index} older than {retention_days} days")
    return said + _expired_pages(client, state, now)


def _expired_pages(client: OpenSearch, state: StateSettings, now: datetime) -> list[str]:
    """Orders that a proxy which is no more left behind; one that runs deletes its own."""
    index, before = f"{state.prefix}_pages", int((now - ORDERS_LIVE).timestamp() * 1000)
    body = {"query": {"range": {"at": {"lt": before}}}}
    try:
        deleted = client.delete_by_query(index=index, body=body, params={"conflicts": "proceed"})["deleted"]
    except NotFoundError:
        return []
    return [f"deleted {deleted} orders of searches that nobody pages any more"] if deleted else []


def expired(prefix: str, names: Iterable[str], retention_days: int, now: datetime) -> list[str]:
    """Of `{prefix}_decisions-YYYY.MM`, the months that ended before the retention began. Pure."""
    oldest = now - timedelta(days=retention_days)
    ends = {n: _end_of_month(n.removeprefix(f"{prefix}_decisions-")) for n in names}
    return sorted(name for name, end in ends.items() if end is not None and end <= oldest)


def _end_of_month(month: str) -> datetime | None:
    if not re.fullmatch(r"\d{4}\.(0[1-9]|1[0-2])", month):
        return None
    year, number = map(int, month.split("."))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
