"""What the doctor says of the release in force."""

from __future__ import annotations

from opensearchpy import OpenSearch

from ltrr_opensearch.index.releases import unreadable_parts
from ltrr_opensearch.release.store import ReleaseStore
from tests.release.test_store import KEY, part, prefix, store

__all__ = ["prefix", "store"]


def test_a_part_that_no_proxy_could_read_is_found(client: OpenSearch, prefix: str, store: ReleaseStore) -> None:
    assert unreadable_parts(client, prefix, KEY) == (None, [])
    id = store.publish(KEY, {"policy": part("policy", b"p", "v1"), "ranker": part("ranker", b"r", "v1")})
    assert unreadable_parts(client, prefix, KEY) == (id, [])
    client.delete(index=f"{prefix}_models", id="ranker-shop-%2A%2Cother-v1-0")
    assert [str(f) for f in unreadable_parts(client, prefix, KEY)[1]] == [
        f"ranker v1 of index {KEY!r}: lacks its chunk 0 in {prefix}_models; "
        "publish it again with `ltrr learn` or `ltrr setup`, or go back with `ltrr models rollback`"
    ]
