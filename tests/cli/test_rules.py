"""`ltrr rules` and `ltrr explain` as somebody types them, on the real node."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch, helpers

from ltrr_opensearch.cli.main import main

Typed = Callable[..., Result]
COLOURS = ("red", "blue", "green")


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> Iterator[str]:
    rows = [{"title": f"{COLOURS[n % 3]} shoes", "colour": COLOURS[n % 3], "made": n} for n in range(30)]
    body = {
        "settings": {"number_of_replicas": 0},
        "mappings": {"properties": {"colour": {"type": "keyword"}}},
    }
    client.indices.create(index=index_name, body=body)
    helpers.bulk(client, [{"_index": index_name, "_id": str(n), **row} for n, row in enumerate(rows)], refresh=True)
    yield index_name
    client.indices.delete(index=f"{index_name}*")


@pytest.fixture
def typed(shop: str, node: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    monkeypatch.chdir(tmp_path)
    configured = {"id": "configured", "when": {"query": ["red shoes"]}, "bury": {"ids": ["0"]}}
    told = {
        "cluster": {"url": node.url},
        "state": {"prefix": f"{shop.replace('-', '_')}_own"},
        "indexes": {shop: {"text_fields": {"title": 1}, "rules": [configured]}},
    }
    (tmp_path / "ltrr.yml").write_text(yaml.safe_dump(told))
    return lambda *words, **told: CliRunner(env={"COLUMNS": "160"}).invoke(main, list(words), **told)


RULES = [
    {"id": "sale", "when": {"contains": ["shoes"]}, "pin": [{"id": "7", "position": 2}], "note": "of spring"},
    {"id": "old", "exclude": {"filter": {"range": {"made": {"lt": 3}}}}, "until": "2020-01-01T00:00:00Z"},
]


def test_rules_are_put_listed_tested_and_removed(typed: Typed, shop: str) -> None:
    Path("rules.yml").write_text(yaml.safe_dump(RULES))
    put = typed("rules", "put", "rules.yml")
    assert put.exit_code == 0, put.output
    assert "sale, old stored, 2 in all" in put.output
    listed = typed("rules", "list").output
    assert [line.split(",")[1].strip() for line in listed.splitlines() if not line.startswith(" ")] == [
        "stored",
        "stored",
        "configuration",
    ]
    assert "it contains 'shoes': pin 7 at 2" in listed
    assert "over since 2020-01-01" in listed
    tested = typed("rules", "test", "Red Shoes").output
    assert "sale: pin 7 at 2" in tested
    assert "pin: 1 documents" in tested
    assert "configured: bury 0" in tested
    assert "old" not in tested
    assert "meets no rule" in typed("rules", "test", "hat").output
    then = json.loads(typed("rules", "test", "hat", "--at", "2019-06-01", "--json").output)
    assert then["selected"] == [{"rule": "old", "action": "exclude", "documents": 3, "missing": [], "refusal": ""}]
    assert "1 stored" in typed("rules", "remove", "sale").output
    assert typed("rules", "remove", "sale").exit_code == 1


def test_what_is_listed_as_json_can_be_put_back(typed: Typed) -> None:
    typed("rules", "put", "-", input=json.dumps(RULES))
    listed = typed("rules", "list", "--json").output
    assert [rule["id"] for rule in json.loads(listed)] == ["sale", "old", "configured"]
    assert "3 in all" in typed("rules", "put", "-", "--replace", input=listed).output
    assert typed("rules", "list", "--json").output == listed


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ("{id: a}", "rule a does nothing"),
        ("{id: a, bury: {filter: {nonsense: {}}}}", "the cluster refuses what bury selects by"),
        ("[{id: a, bury: {ids: ['1']}}, {id: a, bury: {ids: ['1']}}]", "ids must differ"),
        ("{id: a, pin: [{id: 7, position: 1}]}", "pin.0.id: Input should be a valid string"),
        ("[", "neither YAML nor JSON"),
    ],
)
def test_what_is_no_rule_is_not_stored(typed: Typed, told: str, complaint: str) -> None:
    done = typed("rules", "put", "-", input=told)
    assert done.exit_code == 1
    assert complaint in done.output
    assert "stored" not in typed("rules", "list").output


def test_what_selects_nothing_yet_is_stored_and_told(typed: Typed) -> None:
    done = typed("rules", "put", "-", input="{id: a, pin: [{id: '99', position: 1}], bury: {ids: ['98']}}")
    assert done.exit_code == 0
    assert "no document has the pinned _id 99 yet" in done.output
    assert "bury selects no document yet" in done.output


def test_a_search_is_explained(typed: Typed, shop: str) -> None:
    typed("rules", "put", "-", input=json.dumps(RULES))
    shown = typed("explain", "red shoes", "--size", "3")
    assert shown.exit_code == 0, shown.output
    assert "Rules that it meets: sale, configured." in shown.output
    assert "pinned by rule sale" in shown.output
    assert "original 2." in shown.output
    told = json.loads(typed("explain", "red shoes", "--size", "3", "--json").output)
    assert [hit["rank"] for hit in told["hits"]] == [1, 2, 3]
    assert told["hits"][1]["rule"]["id"] == "sale"
    assert told["hits"][1]["label"] == "blue shoes"
    assert {"name", "value"} <= told["hits"][0]["features"][0].keys()
    assert told["fallbacks"] == []


def test_a_search_that_would_pass_through_is_not_explained(typed: Typed) -> None:
    body = {"query": {"match": {"title": "{{text}}"}}, "sort": [{"made": "asc"}]}
    Path("body.json").write_text(json.dumps(body))
    done = typed("explain", "red shoes", "--template", "body.json")
    assert done.exit_code == 1
    assert "passes through (sort)" in done.output


def test_the_doctor_tries_the_rules_of_the_file_and_the_stored_ones(typed: Typed, shop: str) -> None:
    def found() -> list[tuple[str, str]]:
        findings = json.loads(typed("doctor", "--json").output)
        return [(one["state"], one["found"]) for one in findings if one["what"] == f"rules of {shop}"]

    assert found() == [("ok", "1, each taken by the cluster and selecting documents")]
    told = yaml.safe_load(Path("ltrr.yml").read_text())
    refused = {"id": "odd", "exclude": {"filter": {"range": {"made": {"under": 3}}}}}
    told["indexes"][shop]["rules"] = [refused, {"id": "none", "bury": {"filter": {"term": {"colour": "pink"}}}}]
    Path("ltrr.yml").write_text(yaml.safe_dump(told))
    stored = [{"id": "gone", "pin": [{"id": "99", "position": 1}]}]
    assert typed("rules", "put", "-", input=yaml.safe_dump(stored)).exit_code == 0
    pinned, odd, none = found()
    assert pinned == ("warning", "rule gone: no document has the pinned _id 99")
    assert odd[0] == "broken"
    assert odd[1].startswith("rule odd: the cluster refuses what exclude selects by: [range] query does not support")
    assert none == ("warning", "rule none: bury selects no document")
