"""Releases with damaged parts, as they lie in a real cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import PartError
from ltrr_opensearch.release.best import Loaded, lineage, load
from ltrr_opensearch.release.parts import reading
from ltrr_opensearch.release.store import Release, ReleaseStore
from tests.release.test_store import KEY, part, prefix, store

__all__ = ["prefix", "store"]

Change = Callable[[str, dict[str, Any]], None]


@pytest.fixture
def change(client: OpenSearch, prefix: str) -> Change:
    """Changes what is stored of a part's first chunk."""

    def change(name: str, fields: dict[str, Any]) -> None:
        kind, version = name.split()
        id = f"{kind}-shop-%2A%2Cother-{version}-0"
        source = client.get(index=f"{prefix}_models", id=id)["_source"]
        kept = {k: v for k, v in (source | fields).items() if v is not None}
        client.index(index=f"{prefix}_models", id=id, body=kept)

    return change


def loaded(store: ReleaseStore, cannot_use: frozenset[bytes] = frozenset()) -> Loaded[dict[str, bytes]]:
    def build(release: Release) -> dict[str, bytes]:
        for one in release.parts.values():
            with reading(one.kind, one.version, one.index):
                if one.payload in cannot_use:
                    raise ValueError("of another shape")
        return {kind: one.payload for kind, one in release.parts.items()}

    found = load(store, KEY, build)
    assert found
    return found


def two_releases(store: ReleaseStore) -> str:
    store.publish(KEY, {"policy": part("policy", b"p1", "p1"), "ranker": part("ranker", b"r1", "r1")})
    return store.publish(
        KEY, {"policy": part("policy", b"p2", "p2"), "memory": part("memory", b"m1", "m1")}, "the second"
    )


def test_nothing_published_is_nothing_loaded(store: ReleaseStore) -> None:
    assert load(store, KEY, lambda release: release) is None


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ({"payload": "YmFk"}, r"policy p2 of index 'shop-\*,other': damaged: sha256 \w{12} instead of"),
        ({"payload": "not base64!"}, "cannot be read, Error: .*base64"),
        ({"payload": None}, "cannot be read, KeyError: 'payload'"),
        ({"sha256": None}, "cannot be read, KeyError: 'sha256'"),
        ({"chunks": 3}, "lacks its chunk 1 in .*_models"),
        ({"chunks": "many"}, "cannot be read, ValueError"),
        ({"created": None}, "cannot be read, KeyError"),
    ],
)
def test_a_damaged_part_gives_way_to_its_predecessor_and_is_named(
    store: ReleaseStore, change: Change, damage: dict[str, Any], says: str
) -> None:
    id = two_releases(store)
    change("policy p2", damage)
    found = loaded(store)
    assert found.id == id
    assert found.built == {"policy": b"p1", "ranker": b"r1", "memory": b"m1"}
    with pytest.raises(PartError, match=says + ".*; .*ltrr models rollback"):
        raise found.faults[0]


def test_a_part_without_a_usable_version_is_left_out(store: ReleaseStore, change: Change) -> None:
    two_releases(store)
    change("memory m1", {"payload": ""})
    found = loaded(store, frozenset((b"p1", b"p2")))
    assert found.built == {"ranker": b"r1"}
    assert [(f.kind, f.version) for f in found.faults] == [("memory", "m1"), ("policy", "p2"), ("policy", "p1")]
    assert "of another shape" in str(found.faults[1])


def test_the_line_goes_back_over_what_was_replaced_not_over_what_was_taken_back(store: ReleaseStore) -> None:
    first = store.publish(KEY, {"policy": part("policy", b"1")})
    store.publish(KEY, {"policy": part("policy", b"2")})
    store.rollback(KEY)
    third = store.publish(KEY, {"policy": part("policy", b"3")})
    assert [release.id for release in lineage(store.history(KEY))] == [third, first]
