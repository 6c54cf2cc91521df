"""Domains of a real cluster's release: one is exchanged, the bytes of the others and a running proxy's answers stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.build_serving import ServingBuilder
from ltrr_opensearch.cli.main import main
from ltrr_opensearch.hypotheses.lines import to_line
from ltrr_opensearch.hypotheses.values import Hypothesis, Truth, Utterance
from ltrr_opensearch.index.releases import unusable_parts
from ltrr_opensearch.release.running import RunningReleases
from ltrr_opensearch.serving import Serving
from tests.hypotheses.made import made
from tests.learn.shop import Shop


def row(one: Utterance) -> str:
    def said(of: Hypothesis | Truth) -> dict[str, Any]:
        slots = [{"name": slot.name, "value": slot.value} for slot in of.slots]
        return {"domain": of.domain, "intent": of.intent, "slots": slots}

    assert one.truth
    hypotheses = [{**said(h), "system": h.system} for h in one.hypotheses]
    return json.dumps({"id": one.id, "group": one.group, "hypotheses": hypotheses, "truth": said(one.truth)})


class Typed:
    def __init__(self, folder: Path, shop: Shop, url: str) -> None:
        settings = {
            "cluster": {"url": url},
            "state": {"prefix": shop.prefix},
            "indexes": {"shop": {"text_fields": {"title": 1}}},
        }
        self.folder, self.config = folder, folder / "ltrr.yml"
        self.config.write_text(yaml.safe_dump(settings), encoding="utf-8")

    def __call__(self, *words: object, ok: bool = True, **more: Any) -> str:
        command = ["--config", str(self.config), "readings", *map(str, words)]
        found: Result = CliRunner(env={"COLUMNS": "160"}).invoke(main, command, **more)
        assert (found.exit_code == 0) is ok, found.output
        return found.output

    def file(self, name: str, count: int, seed: int) -> Path:
        file = self.folder / name
        file.write_text("\n".join(map(row, made(count, seed))), encoding="utf-8")
        return file


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> Shop:
    return Shop.create(client, index_name)


@pytest.fixture
def typed(tmp_path: Path, shop: Shop, node: Any) -> Typed:
    return Typed(tmp_path, shop, node.url)


def chunks(shop: Shop) -> dict[str, Any]:
    found = shop.client.search(index=f"{shop.prefix}_models", body={"size": 100, "query": {"match_all": {}}})
    return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}


def answers(running: RunningReleases[Serving], domain: str) -> list[bytes]:
    serving = running.current("shop")
    assert serving
    ordered = ((one.id, serving.knowledge.readings.rerank(one)) for one in made(40, seed=9))
    return [to_line(id, [b for b in order if b.claim.domain == domain]) for id, order in ordered]


def test_one_domain_is_published_and_the_others_stay(typed: Typed, shop: Shop) -> None:
    first, second = typed.file("first.jsonl", 200, 0), typed.file("second.jsonl", 120, 5)
    assert "best, by domain" in typed("train", first, "--into", typed.folder / "w", "--folds", "2")
    assert "no weights serve shop" in typed("rerank", first, ok=False)
    typed("publish", typed.folder / "w")
    builder = ServingBuilder(typed_settings(typed), shop.client, None)
    running = RunningReleases(shop.store, ["shop"], builder.of_release, 1.0, lambda *_: None)
    running.refresh()
    music, books, stored = answers(running, "music"), answers(running, "books"), chunks(shop)

    typed("train", second, "--into", typed.folder / "w2", "--domain", "books", "--no-table")
    assert "with new weights of books" in typed("publish", typed.folder / "w2")
    running.refresh()
    assert answers(running, "music") == music
    assert answers(running, "books") != books
    shop.client.indices.refresh(index=f"{shop.prefix}_models")
    now = chunks(shop)
    assert {id: now[id] for id in stored} == stored
    assert len(now) == len(stored) + 1
    assert unusable_parts(shop.client, typed_settings(typed), "shop") == []

    listed = typed("list").splitlines()
    assert [line.split()[0] for line in listed] == ["books", "music"]
    told = typed("report", first, "--html", typed.folder / "page.html")
    assert "all domains" in told
    assert "<svg" in (typed.folder / "page.html").read_text(encoding="utf-8")
    assert "without weights of books" in typed("withdraw", "books")
    running.refresh()
    assert answers(running, "music") == music
    assert "no weights of 'books' serve shop; published: music" in typed("withdraw", "books", ok=False)


def typed_settings(typed: Typed) -> Any:
    from ltrr_opensearch.configuration import load_settings

    return load_settings(typed.config)


def test_lines_are_reranked_as_they_come_and_bad_ones_named(tmp_path: Path) -> None:
    run = CliRunner()
    source, into = tmp_path / "u.jsonl", tmp_path / "w"
    source.write_text("\n".join(map(row, made(80))), encoding="utf-8")
    words = ["readings", "train", str(source), "--into", str(into), "--no-table", "--loss", "combined"]
    assert run.invoke(main, words).exit_code == 0
    assert sorted(file.name for file in into.iterdir()) == ["books.readings.json", "music.readings.json"]
    good, bad = row(made(1)[0]), '{"id": "x"}'
    done = run.invoke(main, ["readings", "rerank", "--weights", str(into)], input=f"{good}\n{bad}\n")
    assert done.exit_code == 1
    assert json.loads(done.stdout.splitlines()[0])["hypotheses"][0]["weighted"] is True
    assert "standard input, line 2: hypotheses: field required" in done.stderr
    none = run.invoke(main, ["readings", "rerank", "--weights", str(tmp_path)], input=good)
    assert "has no weights (files *.readings.json)" in none.stderr
    unknown = run.invoke(main, [*words, "--domain", "films"])
    assert "no hypothesis is of domain films" in unknown.stderr
