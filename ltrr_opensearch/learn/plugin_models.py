"""Models of dropped releases leave the LTR plugin: what no release that is kept names, of any index.

A learner brings its model first and names it afterwards, so a model is left alone for a day after the searches that it
learned from, which its name tells. A model that is not named as ours are is somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from opensearchpy import NotFoundError, OpenSearch

from ltrr_opensearch.cluster import ltr_plugin
from ltrr_opensearch.release.store import ReleaseStore

GRACE = timedelta(days=1)
_LEARNED = "%Y%m%dT%H%M%S"
_VERSION = r"(?P<learned>\d{8}T\d{6})\.\d{6}-[0-9a-f]{8}"
"""As `Part.dated` names versions: up to when it has learned, and the beginning of its checksum."""


def model_name(prefix: str, index: str, version: str) -> str:
    """The name of a ranker's model in the plugin."""
    return f"{ltr_plugin.model_start(prefix, index)}{version}"


def unnamed(names: Iterable[str], prefix: str, index: str, kept: Collection[str], now: datetime) -> list[str]:
    """Which models of an index may go. Pure."""
    found = []
    for name in set(names) - set(kept):
        ours = re.fullmatch(re.escape(ltr_plugin.model_start(prefix, index)) + _VERSION, name)
        if ours and datetime.strptime(ours["learned"], _LEARNED).replace(tzinfo=UTC) < now - GRACE:
            found.append(name)
    return sorted(found)


def delete_unnamed(client: OpenSearch, store: ReleaseStore, prefix: str, index: str, now: datetime) -> list[str]:
    """Deletes them; returns their names."""
    exchange = ltr_plugin.list_models(ltr_plugin.model_start(prefix, index))
    names = ltr_plugin.listed(client.transport.perform_request(exchange.method, exchange.path))
    kept = {
        model_name(prefix, key, release.versions["ranker"])
        for key in store.indexes()
        for release in store.history(key)
        if "ranker" in release.versions
    }
    gone = unnamed(names, prefix, index, kept, now)
    for name in gone:
        exchange = ltr_plugin.delete_model(name)
        try:
            client.transport.perform_request(exchange.method, exchange.path)
        except NotFoundError:  # another learner was faster
            continue
    return gone
