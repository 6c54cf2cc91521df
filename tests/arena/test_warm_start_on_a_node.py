"""`ltrr warm-start` as somebody types it, on the real node, behind a relay that sees everything that is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.knowledge.memory import Memory
from ltrr_opensearch.knowledge.popularity import Popularity
from ltrr_opensearch.learn.evidence import Evidence
from ltrr_opensearch.learn.job import Job
from ltrr_opensearch.learn.past_ubi import PastUbi
from ltrr_opensearch.learn.phases import check
from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.learn.remember import MemoryStore
from ltrr_opensearch.learn.watermarks import PastMark, through
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Json
from tests.arena.conftest import written
from tests.operations.recorder import Recorded
from tests.operations.world import COLOURS, THINGS, products

Typed = Callable[..., Result]
NOW = datetime.now(UTC).replace(microsecond=0)
QUERIES = tuple(f"{colour} {thing}" for colour in COLOURS for thing in THINGS)
KINDS = {"policy", "memory", "aggregates", "exposure", "popularity"}


@pytest.fixture
def typed(client: OpenSearch, relay: Recorded, index_name: str, tmp_path: Path) -> Typed:
    products(client, f"{index_name}-shop")
    strategies = [{"name": n, "use": n} for n in ("original", "lexical", "q2e")]
    config = {
        "cluster": {"url": relay.url},
        "state": {"prefix": index_name, "ubi_queries": f"{index_name}-queries", "ubi_events": f"{index_name}-events"},
        "choose": {"policy": "direct", "ladder": [0, 10, 50], "safe_depth": 50, "budget": 150, "apprentice_rounds": 40},
        "learn": {"min_rounds": 20},
        "indexes": {f"{index_name}-shop": {"text_fields": {"title": 2, "body": 1}, "strategies": strategies}},
    }
    (tmp_path / "ltrr.yml").write_text(yaml.safe_dump(config))

    def run(*words: str, command: str = "warm-start") -> Result:
        whole = ["--config", str(tmp_path / "ltrr.yml"), command, *words]
        return CliRunner(env={"COLUMNS": "160"}).invoke(main, whole)

    return run


def ubi(client: OpenSearch, index_name: str, count: int, *, days: float = 10, first: int = 0, **more: Any) -> None:
    """Searches as the UBI plugin writes them, from so many days ago on; each clicks the second hit of three."""
    lines: list[Json] = []
    for n in range(first, first + count):
        at, query = NOW - timedelta(days=days) + timedelta(minutes=n), n % len(QUERIES)
        shown = [str(query // 4 + 3 * (query % 4) + 12 * copy) for copy in range(3)]
        search = {"query_id": f"u{n}", "user_query": QUERIES[query], "timestamp": stamp(at), "client_id": f"c{n}"}
        lines += [{"index": {"_index": f"{index_name}-queries"}}, search | {"query_response_hit_ids": shown} | more]
        clicked = {"object": {"object_id": shown[1]}, "position": {"ordinal": 2}}
        event = {"query_id": f"u{n}", "action_name": "click", "event_attributes": clicked, "client_id": f"c{n}"}
        lines += [{"index": {"_index": f"{index_name}-events"}}, event | {"timestamp": stamp(at)}]
    client.bulk(body=lines, params={"refresh": "true"})


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parts(client: OpenSearch, index_name: str) -> dict[str, Part]:
    release = ReleaseStore(client, index_name).current(f"{index_name}-shop")
    return dict(release.parts) if release else {}


def memories(client: OpenSearch, index_name: str) -> dict[str, Json]:
    client.indices.refresh(index=f"{index_name}_memory")
    found = client.search(index=f"{index_name}_memory", body={"size": 100})["hits"]["hits"]
    return {hit["_source"]["query"]: hit["_source"]["entities"] for hit in found}


def test_the_past_is_learned_once_and_is_no_evidence(
    typed: Typed, client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    ubi(client, index_name, 60)
    ubi(client, index_name, 5, first=100, query_attributes={"ltrr_release": "r1"})  # of our own log, now expired
    ubi(client, index_name, 3, first=200, user_query="?!")
    result = typed()
    assert result.exit_code == 0, result.output
    for said in ("searches of our own log", "searches without words", "Published release", "queries asked of every"):
        assert said in result.output
    known = parts(client, index_name)
    assert set(known) == KINDS
    assert through(known["policy"]) is None
    assert known["policy"].meta["rounds"] == 20  # half of the apprenticeship
    red = Memory.from_bytes(known["memory"].payload).near(QUERIES[0], None)[0]
    assert [entity.id for entity in red.entities] == ["12"]
    assert memories(client, index_name)[QUERIES[0]]["examined"][1] > 0  # `0` was passed over
    assert len(Popularity.from_bytes(known["popularity"].payload)) == len(QUERIES)
    before = memories(client, index_name)
    assert "Nothing new" in typed().output
    assert memories(client, index_name) == before
    settings = load_settings(tmp_path / "ltrr.yml")
    judged = check(Job(client, settings, f"{index_name}-shop", NOW))
    assert judged.state.phase == "apprentice"
    assert Evidence.from_json(judged.state.evidence).policy.clicked == 0
    ubi(client, index_name, 24, days=1, first=300)
    assert "Published" in typed().output
    assert gains(memories(client, index_name)) > gains(before) + 8  # 24 clicks worth 0.5, while the old ones faded


def test_what_the_plugin_wrote_of_our_searches_is_ours_wherever_it_stands(
    client: OpenSearch, index_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ubi(client, index_name, 3)
    ubi(client, index_name, 2, query_attributes={"ltrr_release": "r1"})
    monkeypatch.setattr("ltrr_opensearch.learn.past_ubi.PAGE", 1)
    counts: Counter[str] = Counter()
    state = StateSettings(prefix=index_name, ubi_queries=f"{index_name}-queries", ubi_events=f"{index_name}-events")
    past = PastUbi(client, state).read(Window(None, NOW), counts)
    assert [one.query_id for one in past] == ["u2"]


def gains(found: dict[str, Json]) -> float:
    return sum(sum(entities["gain"]) for entities in found.values())


def test_a_dry_run_says_what_would_be_learned_and_writes_nothing(
    typed: Typed, client: OpenSearch, relay: Recorded, index_name: str, tmp_path: Path
) -> None:
    rows = ["time,query,id,user"]
    for n in range(40):
        rows.append(f"{(NOW - timedelta(days=3, minutes=n)).isoformat()},{QUERIES[n % 12]},{n % 12},u{n}")
    rows.append(f"{NOW.isoformat()},red shoes,0,late")
    rows.append(f"{(NOW - timedelta(days=3)).isoformat()},red shoes,gone,u1")
    (tmp_path / "clicks.csv").write_text("\n".join(rows))
    result = typed("--clicks", str(tmp_path / "clicks.csv"), "--dry-run")
    assert result.exit_code == 0, result.output
    assert not written(relay)
    assert parts(client, index_name) == {}
    for said in (
        "12 queries have actions to remember",
        "events on documents that are not in the",
        "or too young",
        "Dry run",
    ):
        assert said in result.output


def test_a_run_that_broke_off_is_finished_with_the_same_log_and_counts_nothing_twice(
    typed: Typed, client: OpenSearch, index_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ubi(client, index_name, 60)
    change, calls = MemoryStore._write, 0

    def half(self: MemoryStore, queries: Any, *rest: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise KeyboardInterrupt
        return change(self, queries, *rest)

    with monkeypatch.context() as patched:
        patched.setattr("ltrr_opensearch.learn.remember.BATCH", 5)
        patched.setattr(MemoryStore, "_write", half)
        assert typed().exit_code != 0
    assert len(memories(client, index_name)) == 5
    other = tmp_path / "clicks.csv"
    other.write_text(f"time,query,id\n{(NOW - timedelta(days=3)).isoformat()},red shoes,0\n")
    refused = typed("--clicks", str(other))
    assert refused.exit_code == 1
    assert "finish that one first" in refused.output
    assert "finish that one first" in typed("--application", "other").output
    done = typed("--days", "1")
    assert done.exit_code == 0, done.output
    found = memories(client, index_name)
    assert len(found) == len(QUERIES)
    assert all(sum(m["gain"]) == pytest.approx(0.5 * 5, rel=0.01) for m in found.values())
    assert PastMark(client, index_name, f"{index_name}-shop").read().pending is None


@pytest.mark.parametrize(
    ("words", "says"),
    [((), "give a file instead: --clicks FILE"), (("--clicks", "{}"), "name the columns time, query, id")],
)
def test_what_cannot_be_read_is_said(typed: Typed, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    file = tmp_path / "clicks.csv"
    file.write_text("query,id\nhat,1\n")
    result = typed(*(word.format(file) for word in words))
    assert result.exit_code == 1
    assert says in " ".join(result.output.split())
