"""Events that come after their search was learned, on the real node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from numpy.testing import assert_allclose
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.index.shards import highest, shards_of
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.popularity import Popularity
from ltrr_opensearch.learn.late import LateEvents
from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.learn.run import learn
from ltrr_opensearch.learn.watermarks import LateMark
from ltrr_opensearch.log.ubi import CONTINUES, later_impressions
from ltrr_opensearch.logged import Decision, Event, LaterShown, Part
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import StateSettings
from tests.learn.shop import Shop
from tests.learn.synthetic import START, clicks, decisions, ubi, wanted

SEARCHES, FIRST = 240, 120
CLOSED = START + timedelta(seconds=30 * FIRST, minutes=40)
"""When the first half, and no more, is learned."""
LATER = START + timedelta(days=1)
KINDS = ("policy", "memory")
COUNTED = 4
"""Columns of searches with a gain, and of what was found of it."""
MIN = {"min_rounds": 50, "min_effective": 1, "gate_margin": 1, "memory_user_cap": 99}


def searched() -> list[Decision]:
    """Half of them an hour after the others."""
    every = decisions(SEARCHES)
    return [replace(d, at=d.at + timedelta(hours=1)) if n >= FIRST else d for n, d in enumerate(every)]


def showing(searches: list[Decision]) -> Iterator[Decision]:
    return (d for d in searches if wanted(d.normalized) in {c.key.id for c in d.candidates[: d.shown]})


def event(one: Decision, action: str, after: timedelta) -> Event:
    return Event(one.query_id, one.at + after, action, wanted(one.normalized), 1, one.asker.user, one.asker.session)


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> Shop:
    return Shop.create(client, index_name)


def run(shop: Shop, now: datetime, **learn_settings: float) -> Counter[str]:
    done = learn(KINDS, shop.job(now, **{**MIN, **learn_settings}))
    assert done.release, done.verdicts
    return done.counts


def parts(shop: Shop) -> dict[str, Part]:
    release = shop.store.current("shop")
    assert release
    return dict(release.parts)


def gains(shop: Shop) -> dict[tuple[str, str], float]:
    """Of the memory's documents, by query and entity."""
    return {
        (str(m["query"]), id): gain
        for m in shop.memories()
        for id, gain in zip(m["entities"]["id"], m["entities"]["gain"], strict=True)
        if gain
    }


def aggregates(shop: Shop) -> Aggregates:
    return Aggregates.from_bytes(parts(shop)["aggregates"].payload)


def test_counts_are_as_if_all_had_been_known_and_training_is_not_repeated(client: OpenSearch, index_name: str) -> None:
    searches = searched()
    usual = list(clicks(searches))
    missing = usual[:10]
    purchases = [event(d, "purchase", timedelta(hours=3)) for d in list(showing(searches))[5:25]]
    stepwise, at_once = Shop.create(client, index_name), Shop.create(client, f"{index_name}b")
    stepwise.put(searches[:FIRST], usual[10:])
    assert run(stepwise, CLOSED)["late events"] == 0
    stepwise.put(searches[FIRST:], [*missing, *purchases])
    counts = run(stepwise, LATER)
    assert counts["late events"] == len(missing) + len(purchases)
    assert 0 < counts["searches corrected by late events"] <= len(missing) + len(purchases)
    at_once.put(searches, [*usual, *purchases])
    assert run(at_once, LATER)["late events"] == len(purchases)
    ours, should = aggregates(stepwise), aggregates(at_once)
    assert ours.rows.keys() == should.rows.keys()
    for key, row in ours.rows.items():
        assert_allclose(ours.sums[row, :, :COUNTED], should.sums[should.rows[key], :, :COUNTED], atol=1e-3)
    assert gains(stepwise) == pytest.approx(gains(at_once), rel=1e-3)
    popular, known = (Popularity.from_bytes(parts(s)["popularity"].payload).gains for s in (stepwise, at_once))
    assert {id: g.lasting for id, g in popular.items()} == pytest.approx({id: g.lasting for id, g in known.items()})


def test_twice_does_no_harm_and_what_was_written_again_is_not_new(shop: Shop) -> None:
    searches = searched()
    shop.put(searches[:FIRST], clicks(searches[:FIRST]))
    run(shop, CLOSED)
    one = next(showing(searches))
    bought = {"_index": f"{shop.prefix}-events", "_id": "bought", **ubi(event(one, "purchase", timedelta(hours=2)))}
    shop.index(bought)
    assert learn(KINDS, shop.job(CLOSED, **MIN)).nothing_new  # it waits for the next searches
    shop.put(searches[FIRST:200], clicks(searches[FIRST:200]))
    assert run(shop, LATER)["searches corrected by late events"] == 1
    corrected, remembered = aggregates(shop), gains(shop)
    assert learn(KINDS, shop.job(LATER, **MIN)).nothing_new
    shop.index(bought)
    more = [replace(d, at=LATER) for d in searches[200:]]
    shop.put(more)
    counts = run(shop, LATER + timedelta(hours=1), min_rounds=10)
    assert (counts["late events"], counts["events written again"]) == (0, 1)
    assert aggregates(shop).to_bytes() != corrected.to_bytes()
    assert sum(gains(shop).values()) < sum(remembered.values())  # no action is new, the old ones faded


def test_what_no_run_has_noted_is_taken_for_counted(shop: Shop) -> None:
    searches = searched()
    shop.put(searches[:FIRST], clicks(searches[:FIRST]))
    run(shop, CLOSED, late_days=0)
    shop.put(searches[FIRST:], clicks(searches[FIRST:]))
    counts = run(shop, LATER)
    assert counts["late events"] == 0
    later = [replace(d, query_id=f"{d.query_id}b", at=LATER) for d in searches[:60]]
    bought = [event(d, "purchase", LATER - d.at + timedelta(minutes=1)) for d in list(showing(searches))[:3]]
    shop.put(later, [*clicks(later), *bought])
    counts = run(shop, LATER + timedelta(hours=1), late_days=0.5)
    assert counts["searches corrected by late events"] == 0
    assert counts["late events of searches older than learn.late_days"] == 3


def test_events_in_an_index_that_was_made_anew_are_not_new(shop: Shop) -> None:
    searches = searched()
    shop.put(searches[:FIRST], clicks(searches[:FIRST]))
    run(shop, CLOSED)
    events = f"{shop.prefix}-events"
    shop.client.indices.delete(index=events)
    shop.put(searches[FIRST:], clicks(searches))
    assert run(shop, LATER)["late events"] == 0
    shop.put([replace(d, query_id=f"{d.query_id}b", at=LATER) for d in searches[:60]])
    shop.put((), [event(next(showing(searches)), "purchase", timedelta(hours=20))])
    assert run(shop, LATER + timedelta(hours=1))["searches corrected by late events"] == 1


def test_a_correction_that_broke_off_is_finished_and_counts_nothing_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches = searched()
    shop.put(searches[:FIRST], clicks(searches[:FIRST]))
    run(shop, CLOSED)
    bought = [event(d, "purchase", timedelta(hours=2)) for d in list(showing(searches))[:20]]
    shop.put(searches[FIRST:], [*clicks(searches[FIRST:]), *bought])

    def break_off(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ReleaseStore, "publish", break_off)
        with pytest.raises(KeyboardInterrupt):
            learn(("memory",), shop.job(LATER, **MIN))
    known = gains(shop)
    assert LateMark(shop.client, shop.prefix, "shop").read()[1]
    assert learn(("memory",), shop.job(LATER, **MIN)).release
    assert gains(shop) == known
    assert LateMark(shop.client, shop.prefix, "shop").read()[1] is None
    assert max(known.values()) > sum(0.5 for d in showing(searches) if d.normalized == searches[0].normalized)


def test_a_click_on_a_later_page_that_has_a_name_of_its_own_belongs_to_the_first(shop: Shop) -> None:
    first = decisions(1)[0]
    page = LaterShown("page 2", first.query_id, first.at, first.text, first.asker, 10, ("far",), ("far",))
    queries = f"{shop.prefix}-queries"
    mappings = next(
        t.body["template"]["mappings"] for t in load_templates(StateSettings()) if t.name.endswith("_ubi_queries")
    )
    shop.client.indices.create(index=queries, body={"mappings": mappings})
    shown = ({"_index": f"{shop.prefix}-events", "_id": i.id, **i.document} for i in later_impressions(page))
    named = {"query_id": "page 2", "query_attributes": {CONTINUES: first.query_id}}
    clicked = Event("page 2", first.at + timedelta(hours=1), "click", "far", 11)
    shop.put([first], [clicked])
    shop.index(*shown, {"_index": queries, "_id": "page 2", **named})
    shop.client.indices.refresh(index=f"{shop.prefix}*")
    settings = shop.settings()
    settings = settings.model_copy(update={"state": settings.state.model_copy(update={"ubi_queries": queries})})
    counts: Counter[str] = Counter()
    window = Window(first.at, first.at + timedelta(days=1))
    marks = dict.fromkeys([shard.key for shard in shards_of(shop.client, f"{shop.prefix}-events")], -1)
    (late,) = LateEvents(shop.client, settings, "shop", window, marks).found(counts).late
    assert (late.before.gains, late.after.gains) == ({}, {"far": 0.5})
    assert counts["late events"] == 1


def test_what_was_written_behind_the_marks_is_new_to_the_next_run_alone(shop: Shop) -> None:
    one = decisions(1)[0]
    first, second = (candidate.key.id for candidate in one.candidates[:2])
    bought, clicked = (
        Event(one.query_id, one.at + timedelta(hours=hours), action, id)
        for hours, action, id in ((2, "purchase", first), (3, "click", second))
    )
    shop.put([one], [bought])
    shop.client.indices.refresh(index=f"{shop.prefix}*")
    shards = shards_of(shop.client, f"{shop.prefix}-events")
    marks = {shard.key: highest(shop.client, shard) for shard in shards}
    shop.put([], [clicked])
    day, settings = timedelta(days=1), shop.settings()
    window, later = Window(one.at - day, one.at + day), Window(one.at + day, one.at + 2 * day)
    nothing = dict.fromkeys(marks, -1)
    (now,) = LateEvents(shop.client, settings, "shop", window, nothing).found(Counter(), marks).late
    (then,) = LateEvents(shop.client, settings, "shop", later, marks).found(Counter()).late
    assert (now.before.gains, now.after.gains) == ({}, {first: 1.0})
    assert (then.before.gains, then.after.gains) == ({first: 1.0}, {first: 1.0, second: 0.5})
