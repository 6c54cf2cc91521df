"""Rules kept in the real cluster: put, replaced, removed, by several people at once, and read whatever is there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.release.parts import encoded
from ltrr_opensearch.release.rules import RuleStore, merged, rule_of
from ltrr_opensearch.rule_settings import RuleSettings
from ltrr_opensearch.settings import StateSettings

KEY = "shop-*,other"


def rule(id: str, **told: object) -> RuleSettings:
    return rule_of({"id": id, "exclude": {"ids": ["1"]}, **told}, "the test")


@pytest.fixture
def prefix(client: OpenSearch) -> Iterator[str]:
    name = f"test_{uuid4().hex[:8]}"
    jobs = next(t for t in load_templates(StateSettings(prefix=name)) if t.name == f"{name}_jobs")
    client.indices.create(
        index=f"{name}_jobs",
        body={"settings": {"number_of_replicas": 0}, "mappings": jobs.body["template"]["mappings"]},
    )
    yield name
    client.indices.delete(index=f"{name}_jobs")


def test_rules_are_put_replaced_in_their_place_and_removed(client: OpenSearch, prefix: str) -> None:
    store = RuleStore(client, prefix)
    assert (store.read(KEY).rules, store.version(KEY)) == ((), None)
    whole = rule("b", when={"query": ["red"]}, since="2026-06-01T00:00:00+02:00", boost={"filter": {"term": {"a": 1}}})
    store.put(KEY, [rule("a"), whole])
    before = store.version(KEY)
    assert store.read(KEY).rules == (rule("a"), whole)
    store.put(KEY, [rule("c"), rule("a", note="new")])
    assert [(r.id, r.note) for r in store.read(KEY).rules] == [("a", "new"), ("b", None), ("c", None)]
    assert store.version(KEY) != before
    assert [r.id for r in store.remove(KEY, ["b"])] == ["a", "c"]
    with pytest.raises(DataError, match="no stored rule b; stored: a, c"):
        store.remove(KEY, ["b"])
    assert [r.id for r in store.put(KEY, [rule("z")], replace=True)] == ["z"]
    assert RuleStore(client, prefix).read("another").rules == ()


def test_people_at_once_undo_nothing_of_each_other(client: OpenSearch, prefix: str) -> None:
    store = RuleStore(client, prefix)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: store.put(KEY, [rule(f"r{n}")]), range(4)))
    assert {r.id for r in store.read(KEY).rules} == {"r0", "r1", "r2", "r3"}


def test_what_is_no_rule_is_told_and_the_others_are_read(client: OpenSearch, prefix: str) -> None:
    store = RuleStore(client, prefix)
    store.put(KEY, [rule("a")])
    id = f"rules-{encoded(KEY)}"
    source = client.get(index=f"{prefix}_jobs", id=id)["_source"]
    client.index(index=f"{prefix}_jobs", id=id, body={**source, "rules": [{"id": "bad"}, *source["rules"]]})
    stored = store.read(KEY)
    assert [r.id for r in stored.rules] == ["a"]
    assert "rule bad: rule: rule bad does nothing" in stored.faults[0]
    with pytest.raises(DataError, match="--replace"):
        store.put(KEY, [rule("b")])
    assert [r.id for r in store.put(KEY, [rule("b")], replace=True)] == ["b"]


def test_a_stored_rule_takes_the_place_of_a_configured_one() -> None:
    both = merged((rule("a"), rule("b")), (rule("b", enabled=False),))
    assert [(r.id, r.enabled) for r in both] == [("b", False), ("a", True)]
