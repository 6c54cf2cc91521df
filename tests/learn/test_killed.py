"""A run that is killed, wherever it is, loses nothing: the next one ends with what an undisturbed one publishes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.learn import candidates
from ltrr_opensearch.learn.backlog import Backlog
from ltrr_opensearch.learn.job import Job
from ltrr_opensearch.learn.remember import MemoryStore
from ltrr_opensearch.learn.run import learn
from ltrr_opensearch.learn.watermarks import MemoryMark
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import ClusterSettings
from tests.conftest import TestNode
from tests.learn.shop import Shop
from tests.learn.synthetic import START, clicks, decisions

SEARCHES = 240
CLOSED = START + timedelta(seconds=30 * SEARCHES, hours=1)
KINDS = ("policy", "memory")
MOMENTS: Mapping[str, tuple[object, str]] = {
    "once all is read": (Backlog, "since"),
    "once the memory has counted": (MemoryStore, "count_in"),
    "before the strategies are counted": (candidates.Counting, "payloads"),
    "before it publishes": (ReleaseStore, "publish"),
    "before it notes that it published": (MemoryMark, "finish"),
}


def job(client: OpenSearch, url: str, prefix: str) -> Job:
    made = Shop(client, prefix).job(CLOSED, workers=1)
    cluster = made.settings.cluster.model_copy(update={"url": url})
    return replace(made, settings=made.settings.model_copy(update={"cluster": cluster}))


def run_and_die(url: str, prefix: str, moment: str) -> None:
    """What the process does that is killed."""
    owner, name = MOMENTS[moment]
    called = getattr(owner, name)

    def dying(*args: object, **kwargs: object) -> None:
        if name == "count_in":
            called(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)
    with connect(ClusterSettings(url=url)) as client:
        learn(KINDS, job(client, url, prefix))


def left_behind(client: OpenSearch, prefix: str) -> tuple[dict[str, bytes], list[object]]:
    """What serves, and what is remembered."""
    shop = Shop(client, prefix)
    release = shop.store.current("shop")
    assert release
    entities = sorted(((m["query"], m["entities"]) for m in shop.memories()), key=lambda m: str(m[0]))
    return {kind: part.payload for kind, part in release.parts.items()}, list(entities)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_is_made_good_by_the_next(
    client: OpenSearch, node: TestNode, index_name: str, moment: str
) -> None:
    searches = decisions(SEARCHES)
    killed, undisturbed = f"{index_name}-killed", f"{index_name}-undisturbed"
    for prefix in (killed, undisturbed):
        Shop.create(client, prefix).put(searches, clicks(searches))
    process = multiprocessing.get_context("spawn").Process(target=run_and_die, args=(node.url, killed, moment))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    published = Shop(client, killed).store.history("shop")
    assert bool(published) == (moment == "before it notes that it published")
    for prefix in (killed, undisturbed):
        learn(KINDS, job(client, node.url, prefix))
    assert left_behind(client, killed) == left_behind(client, undisturbed)
