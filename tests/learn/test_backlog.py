"""A log that is longer than one stretch, read by several workers, on the real node."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from distributed import LocalCluster
from opensearchpy import OpenSearch

from ltrr_opensearch.learn import backlog as reading
from ltrr_opensearch.learn import engines
from ltrr_opensearch.learn.backlog import Backlog
from ltrr_opensearch.learn.join import read_rounds
from ltrr_opensearch.learn.partition import stretches
from ltrr_opensearch.learn.read import Window, count_decisions, refresh
from ltrr_opensearch.learn.run import learn
from ltrr_opensearch.learn.watermarks import MemoryMark
from ltrr_opensearch.logged import Part
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json
from tests.conftest import TestNode
from tests.learn.shop import Shop
from tests.learn.synthetic import START, clicks, decisions

SEARCHES, LENGTH = 400, 60
LAST = START + timedelta(seconds=30 * SEARCHES)
CLOSED = LAST + timedelta(hours=1)
WHOLE = Window(None, LAST)


@pytest.fixture
def shop(client: OpenSearch, index_name: str, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop whose log is cut into stretches of some sixty searches."""
    made = Shop.create(client, index_name)
    searches = decisions(SEARCHES)
    made.put(searches, clicks(searches))
    refresh(client, index_name, f"{index_name}-events")
    monkeypatch.setattr(reading, "stretches", partial(stretches, searches=LENGTH))
    monkeypatch.setattr(engines, "LEAST", 1)
    return made


def learned(shop: Shop, node: TestNode, policy: str, **learning: Any) -> dict[str, Part]:
    """What a run for the policy publishes; the shop is then as it was."""
    job = shop.job(CLOSED, judge_rounds=100, min_effective=1, gate_margin=1, **learning)
    chosen = job.settings.choose.model_copy(update={"policy": policy})
    done = learn(("policy",), replace(job, settings=at(job.settings, node).model_copy(update={"choose": chosen})))
    assert [v.passed for v in done.verdicts] == [True], done.verdicts
    release = shop.store.current("shop")
    assert release
    for kind in ("releases", "models"):
        everything: Json = {"query": {"match_all": {}}}
        shop.client.delete_by_query(index=f"{shop.prefix}_{kind}", body=everything, refresh=True)
    return dict(release.parts)


def at(settings: Settings, node: TestNode) -> Settings:
    return settings.model_copy(update={"cluster": settings.cluster.model_copy(update={"url": node.url})})


def test_stretches_are_the_window_one_after_the_other(shop: Shop) -> None:
    for window in (WHOLE, Window(START + timedelta(minutes=20), LAST - timedelta(minutes=7))):
        found = stretches(shop.client, shop.prefix, "shop", window, LENGTH)
        assert [one.after for one in found] == [window.after, *(one.until for one in found[:-1])]
        assert found[-1].until == window.until
        held = [count_decisions(shop.client, shop.prefix, "shop", one) for one in found]
        assert sum(held) == count_decisions(shop.client, shop.prefix, "shop", window)
        assert all(LENGTH <= one <= LENGTH + 1 for one in held[:-1]), held


def test_a_window_without_searches_is_one_stretch(shop: Shop) -> None:
    empty = Window(LAST, LAST + timedelta(days=1))
    assert stretches(shop.client, shop.prefix, "shop", empty) == [empty]
    assert stretches(shop.client, shop.prefix, "nobody", WHOLE) == [WHOLE]


def test_the_rounds_of_a_backlog_are_those_read_at_once(shop: Shop, node: TestNode) -> None:
    settings = shop.settings(user_cap=15, workers=1)
    one, other = Counter[str](), Counter[str]()
    settings = at(settings, node)
    expected = read_rounds(shop.client, settings.state, settings.learn, "shop", WHOLE, one)
    backlog = Backlog(shop.client, settings, "shop", WHOLE, other)
    batches = list(backlog.since(None))
    assert len(batches) > 3
    rounds = [r for batch in batches for r in batch]
    assert [(r.decision.query_id, r.gains) for r in rounds] == [(r.decision.query_id, r.gains) for r in expected]
    assert other == one
    assert one["searches beyond the user cap"] == SEARCHES - 20 * 15
    middle = rounds[100].decision.at
    assert backlog.count(middle) == sum(map(len, backlog.since(middle))) == len(rounds) - 101
    backlog.close()


def test_a_candidate_that_matters_is_kept(shop: Shop, node: TestNode) -> None:
    settings = at(shop.settings(workers=1), node)
    read = read_rounds(shop.client, settings.state, settings.learn, "shop", WHOLE, Counter())
    whole = {r.decision.query_id: r for r in read}
    backlog = Backlog(shop.client, settings, "shop", WHOLE, Counter())
    fewer = 0
    for one in (r for batch in backlog.since(None) for r in batch):
        before, after = whole[one.decision.query_id].decision, one.decision
        assert [c.key for c in after.candidates[: after.shown]] == [c.key for c in before.candidates[: before.shown]]
        assert {c.key.id for c in after.candidates} >= set(one.gains)
        assert all(c.features is None for c in after.candidates)
        fewer += len(after.candidates) < len(before.candidates)
    assert fewer
    backlog.close()


def test_a_policy_that_remembers_how_deep_things_stood_gets_all_of_them(shop: Shop, node: TestNode) -> None:
    settings = at(shop.settings(workers=1), node)
    settings = settings.model_copy(update={"choose": settings.choose.model_copy(update={"policy": "direct"})})
    read = read_rounds(shop.client, settings.state, settings.learn, "shop", WHOLE, Counter())
    whole = {r.decision.query_id: [c.key for c in r.decision.candidates] for r in read}
    backlog = Backlog(shop.client, settings, "shop", WHOLE, Counter())
    kept = [one.decision for batch in backlog.since(None) for one in batch]
    assert {one.query_id: [c.key for c in one.candidates] for one in kept} == whole
    backlog.close()


@pytest.mark.parametrize("policy", ["vowpal", "greedy", "direct"])
def test_any_number_of_workers_gives_the_same_bytes(shop: Shop, node: TestNode, policy: str) -> None:
    made = [learned(shop, node, policy, workers=n) for n in (1, 3)]
    assert made[0]["policy"].meta["rounds"] == SEARCHES
    for kind in ("policy", "aggregates"):
        assert {one[kind].payload for one in made} == {made[0][kind].payload}
        assert {one[kind].version for one in made} == {made[0][kind].version}


def test_a_memory_learns_all_in_portions(shop: Shop, node: TestNode) -> None:
    job = shop.job(CLOSED, max_rounds=100, workers=1, memory_user_cap=1000)
    learn(("memory",), replace(job, settings=at(job.settings, node)))
    portioned = sum(sum(m["entities"]["gain"]) for m in shop.memories())
    shop.client.delete_by_query(index=f"{shop.prefix}_memory", body={"query": {"match_all": {}}}, refresh=True)
    MemoryMark(shop.client, shop.prefix, "shop").finish(START - timedelta(days=1))
    job = shop.job(CLOSED, workers=1, memory_user_cap=1000)
    learn(("memory",), replace(job, settings=at(job.settings, node)))
    assert portioned == pytest.approx(sum(sum(m["entities"]["gain"]) for m in shop.memories()))
    assert portioned > 0


def test_a_dask_cluster_gives_the_same_bytes(shop: Shop, node: TestNode) -> None:
    spread_over = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(**spread_over) as cluster:  # type: ignore[no-untyped-call]
        spread = learned(shop, node, "greedy", engine="dask", dask_scheduler=cluster.scheduler_address)
    alone = learned(shop, node, "greedy", workers=1)
    assert {kind: part.payload for kind, part in spread.items()} == {kind: part.payload for kind, part in alone.items()}
