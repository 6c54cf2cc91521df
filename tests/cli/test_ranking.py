"""`ltrr evaluate ranking`, `ltrr learn ranker --qrels` and `ltrr judgments` as somebody types them, on a node."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.arena.gather import by_id
from ltrr_opensearch.cli.main import main
from ltrr_opensearch.judgment_lists.files import read_judgments
from ltrr_opensearch.logged import Decision
from ltrr_opensearch.release.store import ReleaseStore
from tests.arena.conftest import written
from tests.learn.shop import Shop
from tests.learn.synthetic import clicks, decisions
from tests.operations.recorder import Recorded, recording
from tests.operations.world import COLOURS, THINGS, products

Typed = Callable[..., Result]


@pytest.fixture
def relay(node: Any) -> Iterator[Recorded]:
    with recording(node.url) as relayed:
        yield relayed


@pytest.fixture
def typed(client: OpenSearch, relay: Recorded, index_name: str, tmp_path: Path) -> Typed:
    """A shop of 120 products whose own query asks for any word: `red shoes` brings red hats as well."""
    shop = f"{index_name}-shop"
    products(client, shop)
    Shop.create(client, index_name)
    strategies = [{"name": n, "use": n} for n in ("original", "lexical")]
    index = {"text_fields": {"title": 2, "body": 1}, "strategies": strategies}
    state = {"prefix": index_name, "ubi_queries": f"{index_name}-queries", "ubi_events": f"{index_name}-events"}
    config = tmp_path / "ltrr.yml"
    told = {"cluster": {"url": relay.url}, "state": state, "learn": {"ranker": "linear"}, "indexes": {shop: index}}
    config.write_text(yaml.safe_dump(told))
    (tmp_path / "list.csv").write_text(rated())
    return lambda *words: CliRunner(env={"COLUMNS": "160"}).invoke(main, ["--config", str(config), *words])


def rated(good: int = 3) -> str:
    """Every colour with every thing, asked for the thing by its number too: what has stock is good, of any number."""
    lines = ["query,docid,rating"]
    for c, colour in enumerate(COLOURS):
        for t, thing in enumerate(THINGS):
            ids = [i for i in range(120) if i % 3 == c and i // 3 % 4 == t]
            lines += [f"{colour} {thing},{id},{good if id > 60 else 0}" for id in ids]
    return "\n".join(lines) + "\n"


def test_orders_are_measured_by_ones_own_ratings_without_a_single_write(
    typed: Typed, relay: Recorded, tmp_path: Path
) -> None:
    groups, file = tmp_path / "groups.csv", tmp_path / "told.json"
    groups.write_text("query,slice\nred shoes,shoes\nblue shoes,shoes\n")
    result = typed(
        "evaluate", "ranking", "--qrels", str(tmp_path / "list.csv"), "--slices", str(groups), "--json", str(file)
    )
    assert result.exit_code == 0, result.output
    assert not written(relay)
    told = json.loads(file.read_text())
    assert told["queries"] == 12
    assert list(told["orders"]) == ["own query", "lexical", "fused", "serving"]
    own = told["orders"]["own query"]
    assert set(own["means"]) == {"nDCG@10", "RR", "ERR@10", "R@50", "Judged@10"}
    assert own["means"]["Judged@10"] == 1.0
    assert told["orders"]["lexical"]["differences"]["nDCG@10"]["queries"] == 12
    assert set(own["by_query"]) == {f"{colour} {thing}" for colour in COLOURS for thing in THINGS}
    assert told["slices"]["shoes"] == ["blue shoes", "red shoes"]
    assert len(told["slices"]["2 words"]) == 12
    for said in (
        "12 queries with something good, 120 ratings",
        "less own query",
        "nDCG@10 by kind of query",
        "2 words",
    ):
        assert said in result.output


def test_what_became_worse_is_told_until_it_is_accepted(
    typed: Typed, client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    words = ("evaluate", "ranking", "--qrels", str(tmp_path / "list.csv"), "--warn-drop", "0.05")
    assert typed(*words).exit_code == 0
    assert typed(*words).exit_code == 0, "nothing changed"
    gone = {"query": {"range": {"stock": {"gte": 1}}}}
    client.delete_by_query(index=f"{index_name}-shop", body=gone, params={"refresh": "true"})
    worse = typed(*words)
    assert worse.exit_code == 3, worse.output
    assert "warning: nDCG@10 of serving fell from" in worse.output
    assert "to accept it: --accept" in worse.output
    assert typed(*words).exit_code == 3, "until somebody accepts it"
    assert typed(*words, "--name", "another").exit_code == 0, "a list of another name has its own past"
    assert typed(*words, "--accept").exit_code == 0
    assert typed(*words).exit_code == 0
    (tmp_path / "list.csv").write_text(rated(good=2))
    assert "the judgments changed since" in typed(*words).output


def test_a_ranker_is_learned_from_ratings_and_stands_beside_the_others(
    typed: Typed, client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(rated())
    words = ("learn", "ranker", "--qrels", str(tmp_path / "list.csv"))
    dry = typed(*words, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "Dry run: nothing was published." in dry.output
    result = typed(*words)
    assert "Published release" in result.output, result.output
    release = ReleaseStore(client, index_name).current_id(f"{index_name}-shop") or ""
    file = tmp_path / "told.json"
    asked = typed("evaluate", "ranking", *words[2:], "--release", release, "--json", str(file))
    assert asked.exit_code == 0, asked.output
    orders = json.loads(file.read_text())["orders"]
    assert list(orders)[-4:] == ["fused", "ranked", f"ranked {release}", "serving"]
    assert orders["ranked"] == orders[f"ranked {release}"]


def test_clicks_become_a_judgment_list(typed: Typed, client: OpenSearch, index_name: str, tmp_path: Path) -> None:
    shop = Shop(client, index_name)
    searches = [replace(one, index=f"{index_name}-shop") for one in decisions(240)]
    shop.put(searches, clicks(searches))
    client.indices.refresh(index=f"{index_name}*")
    target = tmp_path / "clicks.jsonl"
    result = typed(
        "judgments", "from-clicks", str(target), "--model", "coec", "--least-weight", "0.1", "--days", "9999"
    )
    assert result.exit_code == 0, result.output
    assert "by the model `coec`" in result.output
    found = read_judgments(target)
    assert {j.query for j in found} <= {one.normalized for one in searches}
    assert all(0 <= j.grade <= 1 and j.weight >= 0.1 for j in found)
    whole = typed("judgments", "convert", str(target), str(tmp_path / "clicks.csv"), "--levels", "3")
    assert whole.exit_code == 0, whole.output
    assert {j.grade for j in read_judgments(tmp_path / "clicks.csv")} <= {0.0, 1.0, 2.0, 3.0}


def test_a_list_of_clicks_reads_back_in_where_objects_have_names(
    typed: Typed, client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    config, key = tmp_path / "ltrr.yml", f"{index_name}-shop"
    told = yaml.safe_load(config.read_text())
    told["indexes"][key]["object_id_field"] = "sku"
    config.write_text(yaml.safe_dump(told))
    searches = [_with_names(replace(one, index=key)) for one in decisions(240)]
    named = {c.key.id: c.object_id for one in searches for c in one.candidates}
    events = [replace(e, object_id=named.get(e.object_id or "", e.object_id)) for e in clicks(searches)]
    Shop(client, index_name).put(searches, events)
    client.indices.put_mapping(index=key, body={"properties": {"sku": {"type": "keyword"}}})
    for id, name in named.items():
        client.index(index=key, id=id, body={"title": "red shoes", "sku": name})
    client.indices.refresh(index=f"{index_name}*")
    target = str(tmp_path / "clicks.jsonl")
    result = typed("judgments", "from-clicks", target, "--least-weight", "0.1", "--days", "9999")
    assert result.exit_code == 0, result.output
    found = read_judgments(Path(target))
    given = {one.query: {j.id: j for j in found if j.query == one.query} for one in found}
    here = by_id(client, key, "sku", given)
    assert {j.id for j in found} <= set(named.values())
    assert {id for of in here.values() for id in of} <= set(named)
    assert sum(map(len, here.values())) == len(found)
    assert sorted(j.weight for of in here.values() for j in of.values()) == sorted(j.weight for j in found)


def _with_names(one: Decision) -> Decision:
    return replace(one, candidates=tuple(c._replace(object_id=f"sku-{c.key.id}") for c in one.candidates))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("learn", "policy", "--qrels", "LIST"), "ratings teach the ranker alone: ltrr learn ranker --qrels FILE"),
        (("learn", "ranker", "--topics", "LIST"), "go with --qrels"),
        (("evaluate", "ranking", "--qrels", "LIST", "--accept"), "--accept goes with --warn-drop"),
        (("evaluate", "ranking", "--qrels", "LIST", "--release", "r9"), "has no release 'r9'; known: none"),
        (
            ("evaluate", "ranking", "--qrels", "LIST", "--format", "trec"),
            "give them (topic, tab, query): --topics FILE",
        ),
        (
            ("evaluate", "ranking", "--qrels", "LIST", "--slices", "LIST"),
            "line 1: no column slice; needed: query, slice",
        ),
        (("judgments", "from-clicks", "x.csv"), "none of 0 searches was acted upon"),
        (("judgments", "convert", "LIST", "TARGET.csv", "--from", "lines"), "no JSON"),
    ],
)
def test_what_cannot_be_done_is_said(typed: Typed, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    given = [w.replace("LIST", str(tmp_path / "list.csv")).replace("TARGET", str(tmp_path / "t")) for w in words]
    result = typed(*given)
    assert result.exit_code in (1, 2), result.output
    assert says in " ".join(result.output.split())


def test_ratings_of_documents_that_nothing_finds_teach_nothing(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("query,docid,rating\nred shoes,nowhere,3\n")
    result = typed("learn", "ranker", "--qrels", str(tmp_path / "list.csv"))
    assert result.exit_code == 0, result.output
    assert "0 of 1 rated queries found documents of different grades, fewer than 10; rate more" in result.output
    assert "Nothing was published; what serves stays." in result.output
