"""`ltrr simulate` as somebody types it, on the real node, behind a relay that sees everything that is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from tests.arena.conftest import written
from tests.operations.recorder import Recorded
from tests.operations.world import COLOURS, THINGS, products

Typed = Callable[..., Result]
PAIRS = [(colour, thing) for colour in COLOURS[:3] for thing in THINGS[:4]]


@pytest.fixture
def typed(client: OpenSearch, relay: Recorded, index_name: str, tmp_path: Path) -> Typed:
    """The application asks a field that tells nothing; people want what has both words in its title."""
    products(client, f"{index_name}-shop")
    strategies = [{"name": n, "use": n} for n in ("original", "lexical")]
    index = {"text_fields": {"title": 1}, "strategies": strategies}
    told = {
        "cluster": {"url": relay.url},
        "state": {"prefix": index_name, "ubi_queries": f"{index_name}-q", "ubi_events": f"{index_name}-e"},
        "choose": {"policy": "greedy", "ladder": [0, 10, 50], "safe_depth": 10, "apprentice_rounds": 0},
        "learn": {"price_per_candidate": 0.0001},
        "indexes": {f"{index_name}-shop": index},
    }
    (tmp_path / "ltrr.yml").write_text(yaml.safe_dump(told))
    (tmp_path / "queries.csv").write_text("query,count\n" + "".join(f"{c} {t},3\n" for c, t in PAIRS))
    wanted = [
        f"{c} {t},{i},2\n" for c, t in PAIRS for i in range(120) if (COLOURS[i % 3], THINGS[i // 3 % 4]) == (c, t)
    ]
    (tmp_path / "search.json").write_text(json.dumps({"query": {"match": {"body": "{{text}}"}}}))
    (tmp_path / "wanted.csv").write_text("query,id,grade\n" + "".join(wanted))

    def run(*words: str) -> Result:
        files = {"--log": "queries.csv", "--judgments": "wanted.csv", "--template": "search.json"}
        given = [word for option, name in files.items() for word in (option, str(tmp_path / name))]
        whole = ["--config", str(tmp_path / "ltrr.yml"), "simulate", f"{index_name}-shop", *given, *words]
        return CliRunner(env={"COLUMNS": "140"}).invoke(main, whole)

    return run


def test_learning_is_played_without_a_single_write(typed: Typed, relay: Recorded) -> None:
    result = typed("--searches", "1000", "--json")
    assert result.exit_code == 0, result.output
    assert not written(relay)
    told = json.loads(result.stdout)
    assert told["with_traffic"]["queries"] + told["never_asked"]["queries"] == len(PAIRS)
    ways = {one["way"]: one for one in told["with_traffic"]["ways"]}
    assert ways["oracle"]["value"] >= ways["learned"]["value"] > ways["untouched query"]["value"]
    assert ways["untouched query"]["depths"] == {"original": 10}
    assert told["acted"] > 0.3


def test_a_person_is_told_in_words(typed: Typed) -> None:
    shown = typed("--searches", "300", "--policy", "direct", "--clicks", "cascade").output
    for said in ("300 simulated searches", "policy direct", "Queries that nobody had asked", "best constant", "oracle"):
        assert said in shown


def test_the_same_seed_tells_the_same(typed: Typed) -> None:
    first, again = (json.loads(typed("--searches", "200", "--json").stdout) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("judged", "words", "says"),
    [
        ("query,id\nred shoe,1\n", (), "queries have a document that somebody wanted"),
        (None, ("--policy", "fixed"), "give one that learns"),
        (None, ("--noise", "2"), "Invalid value"),
    ],
)
def test_what_cannot_be_played_is_said(
    typed: Typed, tmp_path: Path, judged: str | None, words: tuple[str, ...], says: str
) -> None:
    if judged:
        (tmp_path / "wanted.csv").write_text(judged)
    result = typed(*words)
    assert result.exit_code != 0
    assert says in result.output
