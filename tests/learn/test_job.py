"""The learning job on the real node, over searches with a known truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.memory import Memory
from ltrr_opensearch.knowledge.personal import PersonalMemory
from ltrr_opensearch.learn.job import LEFT_OUT
from ltrr_opensearch.learn.read import last_search
from ltrr_opensearch.learn.remember import MemoryStore
from ltrr_opensearch.learn.run import KINDS, learn
from ltrr_opensearch.learn.watermarks import MemoryMark
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.types import Vector
from tests.learn.shop import Shop
from tests.learn.synthetic import QUERIES, START, clicks, decision, decisions, wanted

SEARCHES = 240
LAST = START + timedelta(seconds=30 * SEARCHES)
CLOSED = LAST + timedelta(hours=1)


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> Shop:
    made = Shop.create(client, index_name)
    searches = decisions(SEARCHES)
    made.put(searches, clicks(searches))
    return made


def parts(shop: Shop) -> dict[str, Part]:
    release = shop.store.current("shop")
    return dict(release.parts) if release else {}


def test_everything_is_learned_and_published_at_once(shop: Shop) -> None:
    done = learn(KINDS, shop.job(CLOSED))
    assert {v.kind: v.passed for v in done.verdicts} == dict.fromkeys(KINDS, True), done.verdicts
    assert set(parts(shop)) == {*KINDS, "aggregates", "exposure", "popularity"}
    assert [r.id for r in shop.store.history("shop")] == [done.release]
    assert done.counts["decisions"] == done.counts["rounds"] == SEARCHES
    assert done.counts["queries counted for the memory"] == len(QUERIES)
    assert f"{len(QUERIES)} queries with gains remembered" in [v.reason for v in done.verdicts]
    memory = Memory.from_bytes(parts(shop)["memory"].payload)
    for query in QUERIES:
        assert memory.near(query, None)[0].entities[0].id == wanted(query)
    aggregates = Aggregates.from_bytes(parts(shop)["aggregates"].payload)
    lexical, knn = aggregates.strategy("lexical"), aggregates.strategy("knn")
    assert lexical
    assert knn
    assert lexical.found_share > knn.found_share == 0


def test_people_are_remembered_one_by_one_only_where_that_is_wanted(shop: Shop) -> None:
    learn(["policy"], shop.job(CLOSED, personal_people=3))
    personal = PersonalMemory.from_bytes(parts(shop)["personal"].payload)
    assert len(personal) == 3
    person, pairs = next(iter(personal.people.items()))
    asked = {f"query {pair.words.split()[0]}" for pair in pairs}
    assert all(personal.of(person, query)[0].id == wanted(query) for query in asked)
    later = [decision(n, seed=1, at=CLOSED + timedelta(seconds=n)) for n in range(SEARCHES)]
    shop.put(later, clicks(later))
    learn(["policy"], shop.job(CLOSED + timedelta(hours=2)))
    assert not PersonalMemory.from_bytes(parts(shop)["personal"].payload), "kept no longer than it is wanted"


def test_what_is_not_wanted_of_people_goes_though_nothing_new_was_asked(shop: Shop) -> None:
    learn(["policy"], shop.job(CLOSED, personal_people=3))
    before = parts(shop)
    assert learn(["policy"], shop.job(CLOSED)).release
    after = parts(shop)
    assert not PersonalMemory.from_bytes(after["personal"].payload)
    assert after["aggregates"] == before["aggregates"]
    assert learn(["policy"], shop.job(CLOSED)).nothing_new


def test_a_second_run_has_nothing_to_do_and_the_next_goes_on(shop: Shop) -> None:
    first = learn(KINDS, shop.job(CLOSED))
    again = learn(KINDS, shop.job(CLOSED))
    assert again.nothing_new
    assert again.release is None
    shown_before = sum(sum(m["entities"]["examined"]) for m in shop.memories())
    later = [decision(n, seed=1, at=CLOSED + timedelta(seconds=n)) for n in range(SEARCHES)]
    shop.put(later, clicks(later))
    after = learn(KINDS, shop.job(CLOSED + timedelta(hours=2), min_effective=5))
    assert all(v.passed for v in after.verdicts), after.verdicts
    assert after.release not in (None, first.release)
    assert parts(shop)["policy"].meta["rounds"] == 2 * SEARCHES
    assert parts(shop)["ranker"].meta["searches"] > 0
    assert sum(sum(m["entities"]["examined"]) for m in shop.memories()) > shown_before


def test_another_kind_of_policy_learns_all_that_is_in_the_log(shop: Shop) -> None:
    learn(("policy",), shop.job(CLOSED))
    job = shop.job(CLOSED, gate_margin=10, min_effective=1e-6)
    direct = job.settings.choose.model_copy(update={"policy": "direct"})
    after = learn(("policy",), replace(job, settings=job.settings.model_copy(update={"choose": direct})))
    assert after.release, after.verdicts
    assert parts(shop)["policy"].algorithm == "direct"
    assert parts(shop)["policy"].meta["rounds"] == SEARCHES


def test_searches_whose_window_is_open_wait_unless_told_otherwise(shop: Shop) -> None:
    assert learn(KINDS, shop.job(START + timedelta(minutes=29))).nothing_new
    assert learn(("memory",), shop.job(LAST), window_s=0).counts["decisions"] == SEARCHES


def test_too_few_searches_publish_nothing_and_are_not_lost(shop: Shop) -> None:
    few = learn(KINDS, shop.job(CLOSED, min_rounds=SEARCHES + 1))
    assert few.release is None
    assert {v.passed for v in few.verdicts} == {False}
    assert "fewer than learn.min_rounds" in few.verdicts[0].reason
    assert parts(shop) == {}
    assert learn(KINDS, shop.job(CLOSED)).counts["decisions"] == SEARCHES


def test_a_dry_run_changes_nothing(shop: Shop) -> None:
    done = learn(KINDS, shop.job(CLOSED), dry_run=True)
    assert all(v.passed for v in done.verdicts)
    assert done.release is None
    assert (parts(shop), list(shop.memories())) == ({}, [])


def test_a_run_that_broke_off_counts_nothing_twice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ReleaseStore, "publish", break_off)
        with pytest.raises(KeyboardInterrupt):
            learn(("memory",), shop.job(CLOSED))
    written = sorted(shop.memories(), key=lambda m: str(m["query"]))
    assert len(written) == len(QUERIES)
    later = learn(("memory",), shop.job(CLOSED + timedelta(hours=1)))
    assert later.release
    assert sorted(shop.memories(), key=lambda m: str(m["query"])) == written
    assert len(Memory.from_bytes(parts(shop)["memory"].payload)) == len(QUERIES)
    assert learn(("memory",), shop.job(CLOSED + timedelta(hours=1))).nothing_new


def test_a_run_that_broke_off_half_way_is_finished(shop: Shop) -> None:
    job = shop.job(CLOSED)
    until = CLOSED - timedelta(seconds=job.settings.learn.window_s)
    mark = MemoryMark(shop.client, shop.prefix, "shop")
    mark.begin(None, until)
    learn(("memory",), shop.job(CLOSED))
    assert mark.read() == (last_search(shop.client, shop.prefix, "shop", until), None)
    total = sum(sum(m["entities"]["gain"]) for m in shop.memories())
    clean = {m["query"]: m for m in shop.memories()}
    shop.client.delete_by_query(index=f"{shop.prefix}_memory", body={"query": {"match": {"query": "0"}}}, refresh=True)
    mark.begin(None, until)
    learn(("memory",), shop.job(CLOSED))
    assert sum(sum(m["entities"]["gain"]) for m in shop.memories()) == pytest.approx(total)
    assert {m["query"]: m["entities"] for m in shop.memories()} == {q: m["entities"] for q, m in clean.items()}


def test_a_damaged_part_is_replaced_or_left_out(shop: Shop) -> None:
    learn(("policy", "memory"), shop.job(CLOSED))
    intact = parts(shop)["memory"].payload
    for kind in ("memory", "policy"):
        id = f"{kind}-shop-{shop.store.history('shop')[0].versions[kind]}-0"
        shop.client.update(index=f"{shop.prefix}_models", id=id, body={"doc": {"payload": "YmFk"}})
    done = learn(("memory",), shop.job(CLOSED))
    assert done.counts["damaged memory"] == 1
    assert parts(shop)["memory"].payload == intact
    assert "policy" not in parts(shop)


def test_only_the_ranker_leaves_searches_out_when_there_are_many(shop: Shop) -> None:
    done = learn(KINDS, shop.job(CLOSED, max_rounds=200))
    assert (done.counts["decisions"], done.counts[LEFT_OUT]) == (SEARCHES, SEARCHES - 200)
    assert parts(shop)["policy"].meta["rounds"] == SEARCHES
    assert LEFT_OUT not in +learn(("ranker",), replace(shop.job(CLOSED), now=CLOSED)).counts


def test_bots_and_busy_users_are_left_out(shop: Shop) -> None:
    done = learn(("memory",), shop.job(CLOSED, user_cap=5))
    assert done.counts["searches beyond the user cap"] == SEARCHES - 20 * 5
    assert done.counts["rounds"] == 100


def test_an_unknown_index_is_named(shop: Shop) -> None:
    with pytest.raises(SettingsError, match="no index 'nope' in the configuration; configured: shop"):
        replace(shop.job(CLOSED), index="nope")


class Letters:
    """An encoder that counts letters, and how often it was asked."""

    dimension, digest = 26, "letters"

    def __init__(self) -> None:
        self.texts = 0

    def encode(self, texts: Sequence[str]) -> Vector:
        self.texts += len(texts)
        return np.array([[t.count(chr(97 + i)) + 0.1 for i in range(26)] for t in texts], dtype=np.float32)


def test_embeddings_are_made_once(shop: Shop) -> None:
    encoder = Letters()
    learn(("memory",), replace(shop.job(CLOSED), encoder=lambda: encoder))
    assert Memory.from_bytes(parts(shop)["memory"].payload).embedded == len(QUERIES)
    rows = MemoryStore(shop.client, shop.settings(), "shop").rows(encoder, Counter())
    assert {len(row.vector) for row in rows if row.vector is not None} == {26}
    assert encoder.texts == len(QUERIES)
    few, counts = MemoryStore(shop.client, shop.settings(memory_queries=2, memory_embedded=1), "shop"), Counter[str]()
    rows = few.rows(encoder, counts)
    assert (len(rows), sum(row.vector is not None for row in rows)) == (2, 1)
    assert counts["queries beyond learn.memory_queries"] == len(QUERIES) - 2
    many, counts = MemoryStore(shop.client, shop.settings(memory_users=10_000), "shop"), Counter()
    assert many.rows(encoder, counts) == []
    assert counts["queries of fewer people than learn.memory_users"] == len(QUERIES)
