"""Whether the parts of the release in force can be read, as a proxy would read them at its start."""

from __future__ import annotations

from opensearchpy import OpenSearch

from ltrr_opensearch.errors import PartError
from ltrr_opensearch.release.best import lineage
from ltrr_opensearch.release.store import ReleaseStore


def unreadable_parts(client: OpenSearch, prefix: str, index: str) -> tuple[str | None, list[PartError]]:
    """The id of the release in force, None before there is one, and the faults of its parts."""
    store = ReleaseStore(client, prefix)
    line = lineage(store.history(index))
    faults = []
    for kind, version in line[0].versions.items() if line else ():
        try:
            store.part(index, kind, version)
        except PartError as fault:
            faults.append(fault)
    return (line[0].id if line else None), faults
