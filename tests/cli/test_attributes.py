"""`ltrr attributes` as somebody types it, on the real node."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from ltrr_opensearch.build_serving import ServingBuilder
from ltrr_opensearch.cli.main import main
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.index.checkup import examine
from ltrr_opensearch.index.following import Following
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import Encoded, Json
from tests.plan.conftest import Analyze, ask

__all__ = ["ask"]

BRANDS, KINDS, COLOURS = ("Dell", "Acer", "Sony"), ("Laptop", "Monitor"), ("Black", "White")
DOCUMENTS = 240
Typed = Callable[..., Result]


def product(number: int) -> Json:
    """Brand and colour stand in the title, of some a screen, the kind only in the embedding. Some fields lack."""
    brand, kind, colour = BRANDS[number % 3], number % 2, COLOURS[number // 6 % 2]
    vector = (np.eye(4)[kind] + np.random.default_rng(number).normal(0, 0.05, 4)).round(4).tolist()
    whole = {"brand": brand, "kind": KINDS[kind], "colour": colour, "is_screen": kind == 1, "sku": f"{brand} {number}"}
    lacking = {"brand": 5, "kind": 7, "colour": 11, "is_screen": 13}
    stated = {name: v for name, v in whole.items() if number % lacking.get(name, DOCUMENTS)}
    title = f"{brand} model {number} {colour}{' screen' if kind == 1 and number % 3 == 0 else ''}"
    return {"title": title, "vec": vector, **stated}


@pytest.fixture
def typed(client: OpenSearch, node: Any, index_name: str, tmp_path: Path) -> Iterator[Typed]:
    keyword = {name: {"type": "keyword"} for name in ("brand", "kind", "colour", "sku")}
    vector = {"type": "knn_vector", "dimension": 4, "method": {"name": "hnsw", "engine": "lucene"}}
    mapping = {"title": {"type": "text"}, "is_screen": {"type": "boolean"}, "vec": vector, **keyword}
    settings = {"index.knn": True, "number_of_shards": 1, "number_of_replicas": 0}
    client.indices.create(index=index_name, body={"settings": settings, "mappings": {"properties": mapping}})
    documents = [{"_index": index_name, "_id": f"{n:03}", **product(n)} for n in range(DOCUMENTS)]
    documents[1] |= {"brand": "Dell", "title": "Acer model 1 Black"}
    bulk(client, documents, refresh=True)
    index = {
        "text_fields": {"title": 1},
        "slot_fields": ["brand", "kind", "colour", "sku", {"field": "is_screen", "names": ["screen"]}],
        "vector": {"field": "vec", "dimension": 4, "space_type": "l2", "backfill": False},
        "proposals": {},
    }
    told = {"cluster": {"url": node.url}, "state": {"prefix": f"{index_name}_l"}, "indexes": {index_name: index}}
    (tmp_path / "ltrr.yml").write_text(yaml.safe_dump(told))

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(tmp_path / "ltrr.yml"), *words])

    yield run
    client.indices.delete_index_template(name=f"{index_name}_l*", ignore=404)


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def held(client: OpenSearch, index: str, number: int, field: str = "ltrr_proposed") -> Json:
    return dict(client.get(index=index, id=f"{number:03}")["_source"].get(field, {}))


def originals(client: OpenSearch, index: str) -> dict[str, Json]:
    hits = client.search(index=index, body={"size": DOCUMENTS, "_source": {"excludes": ["ltrr_*"]}})["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def test_what_documents_lack_is_proposed_found_kept_up_and_taken_away(
    typed: Typed, client: OpenSearch, index_name: str, tmp_path: Path, ask: Analyze, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "were not read yet; ltrr setup" in typed("attributes", "propose", index_name, "--dry-run").output
    said(typed("setup", index_name))
    assert "nothing was learned" in typed("attributes", "doubts", index_name).output
    before = originals(client, index_name)
    dry = said(typed("attributes", "propose", index_name, "--dry-run"))
    assert "100.0%" in dry
    assert "Dry run: nothing was written." in dry
    assert not any(held(client, index_name, n) for n in range(DOCUMENTS))

    with monkeypatch.context() as patch:
        _break_off(patch)
        assert typed("attributes", "propose", index_name).exit_code != 0
    assert held(client, index_name, 10), "brand lacks"
    assert not held(client, index_name, 235), "not yet"
    went_on = said(typed("attributes", "propose", index_name))
    assert "Published release" not in went_on
    client.indices.refresh(index=index_name)
    assert originals(client, index_name) == before
    for number in range(2, DOCUMENTS):
        assert held(client, index_name, number).keys() == _lacking(number, before[f"{number:03}"]), product(number)

    assert "nothing to do" in said(typed("sync", index_name))
    doubtful = {"script": "ctx._source.ltrr_proposed['kind=laptop'] = 0.5"}
    client.update(index=index_name, id="014", body=doubtful, params={"refresh": "true"})
    found = _searched(client, index_name, tmp_path, ask, "laptop")
    assert found.keys() == {f"{n:03}" for n in range(0, DOCUMENTS, 2)}
    assert found["014"] == pytest.approx(found["002"] / 2, rel=0.01), "as much as it is sure"

    client.index(index=index_name, id="028", body=product(28))
    filled = {"script": "ctx._source.brand = 'Acer'"}
    client.update(index=index_name, id="010", body=filled, params={"refresh": "true"})
    assert "ltrr_proposed: 3 with other proposals than before" in said(typed("sync", index_name))
    assert held(client, index_name, 14)["kind=laptop"] > 0.9
    assert held(client, index_name, 28).keys() == {"kind=laptop"}, "rewritten whole, it lost what we had added"
    assert held(client, index_name, 10) == {}, "its brand is stated now"
    assert "every document has the proposals" in said(typed("attributes", "propose", index_name)), "learned again"

    output = tmp_path / "doubts.jsonl"
    assert "1 values that the text contradicts" in said(
        typed("attributes", "doubts", index_name, "--output", str(output))
    )
    (doubt,) = map(json.loads, output.read_text().splitlines())
    assert (doubt["id"], doubt["field"], doubt["states"], doubt["text_says"]) == ("001", "brand", ["Dell"], "Acer")
    assert client.get(index=index_name, id="001")["_source"]["brand"] == "Dell"

    assert "up to date at" in _checked(client, tmp_path)
    _change(tmp_path, field="ltrr_second", least=0.8)
    assert "learned for other settings" in said(typed("sync", index_name))
    assert "to be proposed again, made for other settings: least, field" in _checked(client, tmp_path)
    assert "ltrr_second: " in said(typed("attributes", "propose", index_name)), "what was done is done again"
    assert held(client, index_name, 20, "ltrr_second").keys() == held(client, index_name, 20).keys() != set()
    assert "nothing to do" in said(typed("sync", index_name))
    assert _serving(client, index_name, tmp_path).hidden == ("ltrr_proposed", "ltrr_second")

    said(typed("uninstall", index_name, "--yes"))
    assert not any(held(client, index_name, n, field) for n in (0, 7, 20) for field in ("ltrr_proposed", "ltrr_second"))


def _break_off(patch: pytest.MonkeyPatch) -> None:
    """The third page of documents is never reached, as if somebody had pressed Ctrl-C."""
    patch.setattr("ltrr_opensearch.index.following._PAGE", 100)
    page, calls = Following._page, []

    def breaks(self: Following, *given: Any) -> int | None:
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return page(self, *given)

    patch.setattr(Following, "_page", breaks)


def _lacking(number: int, stated: Json) -> set[str]:
    """What is to be proposed for a product that states so much."""
    wanted = {f"brand={BRANDS[number % 3].lower()}"} if "brand" not in stated else set()
    wanted |= {f"kind={KINDS[number % 2].lower()}"} if "kind" not in stated else set()
    wanted |= {"is_screen=true"} if "is_screen" not in stated and "screen" in stated["title"] else set()
    return wanted | ({f"colour={COLOURS[number // 6 % 2].lower()}"} if "colour" not in stated else set())


def _searched(client: OpenSearch, index: str, folder: Path, ask: Analyze, query: str) -> dict[str, float]:
    serving = _serving(client, index, folder)
    assert "ltrr_proposed" in serving.hidden
    (plan,) = Structured("s", {}, serving.index, serving.knowledge).plan(ask(query, serving.index, serving.knowledge))
    body = {"size": DOCUMENTS, "query": plan.clause(DOCUMENTS, Encoded())}
    return {hit["_id"]: hit["_score"] for hit in client.search(index=index, body=body)["hits"]["hits"]}


def _serving(client: OpenSearch, index: str, folder: Path) -> Serving:
    settings = load_settings(folder / "ltrr.yml")
    release = ReleaseStore(client, settings.state.prefix).current(index)
    assert release is not None
    return ServingBuilder(settings, client, None).of_release(release)


def _change(folder: Path, **proposals: Any) -> None:
    told = yaml.safe_load((folder / "ltrr.yml").read_text())
    for index in told["indexes"].values():
        index["proposals"] = proposals
    (folder / "ltrr.yml").write_text(yaml.safe_dump(told))


def _checked(client: OpenSearch, folder: Path) -> str:
    findings = examine(client, load_settings(folder / "ltrr.yml"))
    return next(f.found for f in findings if f.what.startswith("proposals of"))
