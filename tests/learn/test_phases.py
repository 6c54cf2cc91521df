"""The check of a phase on the real node, over synthetic searches, and `ltrr phases` as somebody types it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.learn.evidence import Evidence
from ltrr_opensearch.learn.job import Job
from ltrr_opensearch.learn.phases import check, store_of
from ltrr_opensearch.logged import CONTROL, POLICY, Decision, Part
from ltrr_opensearch.phase_settings import PhaseSettings
from ltrr_opensearch.release.phases import Move, PhaseState, PhaseStore
from tests.learn.shop import Shop
from tests.learn.synthetic import START, clicks, decisions

SEARCHES = 300
CLOSED = START + timedelta(hours=6)


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> Shop:
    return Shop.create(client, index_name)


def published(shop: Shop, version: str = "v1") -> str:
    part = Part("memory", "shop", version, "memory", b"x", sha256(b"x").hexdigest(), START)
    return shop.store.publish("shop", {"memory": part})


def job_of(shop: Shop, **phases: Any) -> Job:
    job = shop.job(CLOSED)
    few = {"shadow_clicked": 20, "share_clicked": 20, "least_searches": 50, "least_people": 5, "wait_h": 1}
    given = PhaseSettings.model_validate({"first": "shadow", "most_loss": 1.0, **few, **phases})
    return replace(job, settings=job.settings.model_copy(update={"phases": given}))


def served(release: str, phase: str, seed: int = 0, *, harmful: bool = False) -> list[Decision]:
    """Half of the people in each group; a harmful policy shows nothing of what people want."""
    made = []
    for number, one in enumerate(decisions(SEARCHES, seed=seed)):
        group = POLICY if number % 20 < 10 and phase != "shadow" else CONTROL
        shadow = tuple(s.depth for s in one.slots) if phase == "shadow" else ()
        shown = () if harmful and group == POLICY else one.candidates
        made.append(replace(one, release=release, phase=phase, group=group, shadow=shadow, candidates=shown))
    return made


def put(shop: Shop, searches: list[Decision]) -> None:
    shop.put(searches, clicks(searches))


def test_up_on_thresholds_down_on_a_guardrail_and_all_is_told(shop: Shop) -> None:
    release = published(shop)
    put(shop, served(release, "shadow"))
    job = job_of(shop)
    few = check(replace(job, now=START + timedelta(minutes=40)))
    assert few.move is None
    assert few.verdict.missing[0].startswith("searches with a gain:")
    dry = check(job, dry_run=True)
    assert dry.move
    assert store_of(job).state("shop") == few.state, "a dry run records nothing"
    up = check(job)
    assert up.move
    assert (up.move.before, up.move.to, up.move.by) == ("shadow", "apprentice", "thresholds")
    assert up.move.figures["agreement"] == 1.0
    assert store_of(job).state("shop") == up.state
    assert check(job).move is None, "twice does no harm"

    def to_share(state: PhaseState) -> PhaseState:
        return replace(state.moved(Move(START, "apprentice", "share", "operator", "test")))

    store_of(job).change("shop", to_share)
    put(shop, served(release, "share", seed=1, harmful=True))
    down = check(job)
    assert down.move
    assert (down.move.before, down.move.to, down.move.by) == ("share", "shadow", "guardrail")
    assert "empty results" in down.move.reason
    assert [m.to for m in store_of(job).state("shop").moves] == ["apprentice", "share", "shadow"]
    waiting = check(replace(job, now=CLOSED + timedelta(minutes=30)))
    assert any(lacks.startswith("time: a guardrail broke") for lacks in waiting.verdict.missing)


def test_who_is_pinned_does_not_move_up_and_what_was_gone_back_from_does_not_count(shop: Shop) -> None:
    first, second = published(shop), published(shop, "v2")
    put(shop, served(second, "shadow"))
    job = job_of(shop, shadow_clicked=SEARCHES)
    counted = Evidence.from_json(check(job).state.evidence)
    assert (counted.control.worth.count, counted.release) == (SEARCHES, second)
    shop.store.rollback("shop")
    after = Evidence.from_json(check(job).state.evidence)
    assert (after.control.worth.count, after.release) == (0, first)
    assert after.judged == counted.judged
    put(shop, [replace(d, at=d.at + timedelta(hours=12)) for d in served(first, "shadow", seed=2)])
    pinned = check(replace(job_of(shop), now=CLOSED + timedelta(hours=12)))
    assert (pinned.verdict.missing, pinned.move, pinned.pinned) == ((), None, first)
    shop.store.unpin("shop")
    assert check(replace(job_of(shop), now=CLOSED + timedelta(hours=12))).move


def test_two_writers_at_once_undo_nothing_of_each_other(shop: Shop) -> None:
    store = PhaseStore(shop.client, shop.prefix, "live")
    assert store.phase("shop") == "live", "of an index without a record"
    state, condition = store.read("shop")
    assert store.write("shop", replace(state, held="first"), condition)
    assert not store.write("shop", replace(state, held="second"), condition)
    assert store.state("shop").held == "first"
    shop.client.index(index=f"{shop.prefix}_jobs", id="phase-shop", body={"phase": "bold"})
    for ask in (store.phase, store.state):
        with pytest.raises(DataError, match="'bold'; set one of shadow, apprentice, share, live"):
            ask("shop")


def test_operators_set_hold_and_read_the_history(shop: Shop, node: Any, tmp_path: Path) -> None:
    config = tmp_path / "ltrr.yml"
    state = {"prefix": shop.prefix, "ubi_events": f"{shop.prefix}-events"}
    indexes = {"shop": {"text_fields": {"title": 1}}}
    config.write_text(yaml.safe_dump({"cluster": {"url": node.url}, "state": state, "indexes": indexes}))

    def typed(*words: str) -> str:
        result = CliRunner().invoke(main, ["--config", str(config), "phases", *words])
        assert result.exit_code == 0, result.output
        return result.output

    assert "shop: phase apprentice\n" in typed("list")
    assert "searches with a gain: 0 of phases.apprentice_clicked 10000" in typed("check", "shop")
    assert "shop has not moved yet." in typed("history", "shop")
    said = typed("set", "shop", "live", "--reason", "proven elsewhere", "--hold")
    assert "shop is in phase live, before in apprentice; held there" in said
    assert "held: proven elsewhere" in typed("list")
    assert "apprentice -> live  by operator: proven elsewhere" in typed("history", "shop")
    assert "moves on when its thresholds are reached" in typed("go", "shop")
    assert "shop is held in phase live: sale" in typed("hold", "shop", "--reason", "sale")
    assert "dry run: nothing was recorded" in typed("check", "--dry-run")
    refused = CliRunner().invoke(main, ["--config", str(config), "phases", "set", "nope", "live", "--reason", "x"])
    assert "no index 'nope' in the configuration; configured: shop" in refused.output
