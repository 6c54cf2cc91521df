from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.errors import ClusterError, ModelError
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release import parts as release_parts
from ltrr_opensearch.release import store as release_store
from ltrr_opensearch.release.store import Release, ReleaseStore
from ltrr_opensearch.release.unused import GRACE, Versions, delete_unused
from ltrr_opensearch.settings import StateSettings

KEY = "shop-*,other"
"""Pattern and comma: an index expression is a key, too."""


def part(kind: str, payload: bytes, version: str = "") -> Part:
    digest = hashlib.sha256(payload).hexdigest()
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return Part(kind, KEY, version or digest[:8], "test", payload, digest, at, {"a": {"b": [1]}}, {"c": 0.5}, {"n": 2})


@pytest.fixture
def prefix(client: OpenSearch) -> Iterator[str]:
    name = f"test_{uuid4().hex[:8]}"
    templates = load_templates(StateSettings(prefix=name))
    mappings = {t.name: t.body["template"]["mappings"] for t in templates if not t.component}
    for index in (f"{name}_models", f"{name}_releases"):
        body = {"settings": {"number_of_replicas": 0}, "mappings": mappings[index]}
        client.indices.create(index=index, body=body)
    yield name
    client.indices.delete(index=f"{name}_models,{name}_releases")


@pytest.fixture
def store(client: OpenSearch, prefix: str) -> ReleaseStore:
    return ReleaseStore(client, prefix)


def current(store: ReleaseStore) -> Release:
    found = store.current(KEY)
    assert found
    return found


def test_what_is_published_is_what_serves(store: ReleaseStore) -> None:
    assert store.current(KEY) is None
    parts = {"policy": part("policy", b"p"), "ranker": part("ranker", b"")}
    id = store.publish(KEY, parts, "first")
    assert current(store) == Release(id, KEY, current(store).created, parts)
    assert store.indexes() == [KEY]


def test_large_parts_travel_in_chunks(store: ReleaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_parts, "CHUNK_BYTES", 1000)
    large = part("memory", bytes(range(256)) * 20)
    store.publish(KEY, {"memory": large})
    assert current(store).parts["memory"] == large


def test_kinds_that_are_not_given_stay(store: ReleaseStore) -> None:
    store.publish(KEY, {"policy": part("policy", b"p1"), "ranker": part("ranker", b"r1")})
    store.publish(KEY, {"policy": part("policy", b"p2")})
    assert {k: p.payload for k, p in current(store).parts.items()} == {"policy": b"p2", "ranker": b"r1"}


def test_back_and_forth_through_the_history(store: ReleaseStore) -> None:
    first = store.publish(KEY, {"policy": part("policy", b"1")}, "one")
    second = store.publish(KEY, {"policy": part("policy", b"2")}, "two")
    assert [(r.id, r.current, r.note, r.parent) for r in store.history(KEY)] == [
        (second, True, "two", first),
        (first, False, "one", None),
    ]
    assert store.rollback(KEY) == first
    third = store.publish(KEY, {"policy": part("policy", b"3")})
    assert store.rollback(KEY) == first  # what it replaced, not the one that had been taken back
    with pytest.raises(ModelError, match="no release before"):
        store.rollback(KEY)
    assert store.promote(KEY, third) == third
    assert current(store).parts["policy"].payload == b"3"
    with pytest.raises(ModelError, match=f"no release 'nope'; known: {first}"):
        store.promote(KEY, "nope")


def test_learners_at_the_same_moment_lose_nothing(store: ReleaseStore) -> None:
    kinds = ("policy", "ranker", "memory", "aggregates")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda kind: store.publish(KEY, {kind: part(kind, kind.encode())}), kinds))
    assert set(current(store).parts) == set(kinds)


def test_parts_go_with_the_last_release_that_named_them(
    client: OpenSearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_store, "KEPT_RELEASES", 2)
    monkeypatch.setattr(release_parts, "CHUNK_BYTES", 2)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    store = ReleaseStore(client, prefix, lambda: now)
    store.publish("other", {"policy": replace(part("policy", b"theirs"), index="other")})
    store.publish(KEY, {"policy": part("policy", b"first", "p1"), "ranker": part("ranker", b"stays", "r1")})
    for number in (2, 3):
        now += timedelta(hours=1)
        store.publish(KEY, {"policy": part("policy", b"next", f"p{number}")})
    assert store.part(KEY, "policy", "p1").payload == b"first", "written less than a day ago"
    now += GRACE
    store.publish(KEY, {"policy": part("policy", b"last", "p4")})
    assert [r.versions["policy"] for r in store.history(KEY)] == ["p4", "p3"]
    for gone in ("p1", "p2"):
        with pytest.raises(ModelError, match="lacks its chunk 0"):
            store.part(KEY, "policy", gone)
    for kind, kept in (("policy", "p3"), ("policy", "p4"), ("ranker", "r1")):
        assert store.part(KEY, kind, kept).version == kept
    assert store.current("other")
    client.indices.refresh(index=f"{prefix}_models")
    assert client.count(index=f"{prefix}_models")["count"] == 3 + 3 + 2 + 2, "no chunk is left behind"


def test_what_another_publisher_has_just_written_is_not_deleted(client: OpenSearch, prefix: str) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    store = ReleaseStore(client, prefix, lambda: now)
    store._parts.write(KEY, part("policy", b"again", "p1"))
    now += GRACE + timedelta(hours=1)

    def another() -> Versions:
        """Between the listing and the deletion, the same part is published again."""
        store._parts.write(KEY, part("policy", b"again", "p1"))
        return set()

    assert delete_unused(client, f"{prefix}_models", KEY, another, now) == 0
    assert store.part(KEY, "policy", "p1").payload == b"again"


def test_a_release_stands_where_old_parts_cannot_be_deleted(
    store: ReleaseStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object) -> int:
        raise ClusterError("our account may not do this")

    monkeypatch.setattr(release_store, "delete_unused", refused)
    assert store.publish(KEY, {"policy": part("policy", b"p")}) == current(store).id
    assert "our account may not do this" in caplog.text


def test_a_damaged_part_is_told_before_anything_is_made_of_it(
    store: ReleaseStore, client: OpenSearch, prefix: str
) -> None:
    store.publish(KEY, {"policy": part("policy", b"good", "v1")})
    id = "policy-shop-%2A%2Cother-v1-0"
    client.update(index=f"{prefix}_models", id=id, body={"doc": {"payload": "YmFk"}})
    with pytest.raises(ModelError, match=r"policy v1 of index .*: damaged: sha256"):
        store.current(KEY)
    client.delete(index=f"{prefix}_models", id=id)
    with pytest.raises(ModelError, match="lacks its chunk 0"):
        store.current(KEY)


def test_checks_are_verified_after_loading(store: ReleaseStore) -> None:
    store.publish(KEY, {"policy": part("policy", b"p")})

    def check(loaded: Part) -> None:
        raise ModelError(f"{loaded.kind} predicts otherwise")

    with pytest.raises(ModelError, match="policy predicts otherwise"):
        store.current(KEY, check)


def test_bytes_that_do_not_meet_their_checksum_are_not_published(store: ReleaseStore) -> None:
    good = part("policy", b"good")
    bad = Part("policy", KEY, "v", "test", b"bad", good.sha256, good.created)
    with pytest.raises(ModelError, match="was changed after its checksum"):
        store.publish(KEY, {"policy": bad})
    assert store.current(KEY) is None
