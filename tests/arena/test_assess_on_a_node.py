"""`ltrr assess` as somebody types it, on the real node, behind a relay that sees everything that is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from tests.arena.conftest import written
from tests.operations.recorder import Recorded
from tests.operations.world import products

Typed = Callable[..., Result]
QUERIES = "red shoes\nblue hats\nred shoes\ngreen boots\nnumber 7\nunheard of\n"


@pytest.fixture
def typed(client: OpenSearch, relay: Recorded, index_name: str, tmp_path: Path) -> Typed:
    products(client, f"{index_name}-shop")
    strategies = [{"name": n, "use": n} for n in ("original", "lexical", "structured", "q2e")]
    strategies[1]["options"] = {"operator": "or"}  # type: ignore[assignment]
    index = {"text_fields": {"title": 2, "body": 1}, "slot_fields": ["title.keyword"], "strategies": strategies}
    state = {"prefix": index_name, "ubi_queries": f"{index_name}-queries", "ubi_events": f"{index_name}-events"}
    config = tmp_path / "ltrr.yml"
    told = {"cluster": {"url": relay.url}, "state": state, "indexes": {f"{index_name}-shop": index}}
    config.write_text(yaml.safe_dump(told))
    (tmp_path / "queries.txt").write_text(QUERIES)

    def run(*words: str) -> Result:
        whole = ["--config", str(config), "assess", f"{index_name}-shop", *words]
        return CliRunner(env={"COLUMNS": "140"}).invoke(main, whole)

    return run


def counted(client: OpenSearch, index_name: str) -> object:
    """The documents of each index that this test knows of; others share the node."""
    return client.cat.indices(index=f"{index_name}*", format="json", params={"h": "index,docs.count", "s": "index"})


def test_a_log_and_judgments_are_assessed_without_a_single_write(
    typed: Typed, relay: Recorded, client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    before = counted(client, index_name)
    clicks = tmp_path / "clicks.csv"
    clicks.write_text("query,id\nred shoes,0\nred shoes,0\nblue hats,10\nnumber 7,7\n")
    template = tmp_path / "search.json"
    template.write_text(json.dumps({"query": {"match": {"title": {"query": "{{text}}", "operator": "and"}}}}))
    words = ("--log", str(tmp_path / "queries.txt"), "--judgments", str(clicks), "--template", str(template))
    result = typed(*words, "--json")
    assert result.exit_code == 0, result.output
    assert not written(relay)
    assert counted(client, index_name) == before
    told = json.loads(result.stdout)
    assert (told["searches"], told["queries"], told["judged_queries"]) == (6, 5, 3)
    assert told["own_query"] == str(template)
    assert told["strategies"]["structured"]["asked"] == pytest.approx(4 / 6)
    assert told["strategies"]["lexical"]["unique"] > 0
    assert told["zero_results"] == pytest.approx({"share": 2 / 6, "saved": 1 / 6})
    assert told["recall"]["original"]["50"] == pytest.approx(3 / 4)  # not `number 7`, which stands in the body
    assert told["recall"]["lexical"]["200"] == 1.0
    assert told["retrieval"]["best_per_query"] >= told["retrieval"]["best_fixed"]
    assert told["storage"]["documents"] == 120
    assert any("q2e has nothing to ask" in said for said in told["left_out"])
    shown = typed(*words).output
    for said in ("What each strategy finds", "only it finds", "all by RRF", "To be learned", "would be proved by"):
        assert said in shown


def test_ubi_tells_what_was_asked_and_clicked(typed: Typed, client: OpenSearch, index_name: str) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    lines: list[Any] = []
    for n, query in enumerate(("red shoes", "blue hats", "red shoes")):
        lines += [{"index": {"_index": f"{index_name}-queries"}}]
        lines += [{"query_id": f"q{n}", "user_query": query, "timestamp": at}]
    clicked = {"object": {"object_id": "0"}}
    lines += [{"index": {"_index": f"{index_name}-events"}}]
    lines += [{"query_id": "q0", "action_name": "click", "timestamp": at, "event_attributes": clicked}]
    client.bulk(body=lines, params={"refresh": "true"})
    told = json.loads(typed("--json").stdout)
    assert (told["searches"], told["judged_queries"]) == (3, 1)
    assert told["recall"]["lexical"]["200"] == 1.0
    assert told["own_query"] == "multi_match over text_fields"


@pytest.mark.parametrize(
    ("file", "content", "option", "says"),
    [
        ("empty.txt", "\n", "--log", "holds no queries"),
        ("t.json", "{}", "--template", "has no `query`"),
        ("t.json", '{"query": {"match_all": {}}}', "--template", "has no {{text}}"),
        ("t.json", '{"query": {"nonsense": "{{text}}"}}', "--template", "parsing_exception"),
    ],
)
def test_what_cannot_be_assessed_is_said(
    typed: Typed, tmp_path: Path, file: str, content: str, option: str, says: str
) -> None:
    (tmp_path / file).write_text(content)
    log = () if option == "--log" else ("--log", str(tmp_path / "queries.txt"))
    result = typed(*log, option, str(tmp_path / file))
    assert result.exit_code == 1, result.output
    assert says in result.output


def test_without_a_log_it_is_said_what_to_give(typed: Typed) -> None:
    result = typed()
    assert result.exit_code == 1
    assert "give a file instead: --log FILE" in result.output
