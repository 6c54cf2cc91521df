"""`ltrr predict-queries` as somebody types it, on the real node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.knowledge.memory import Memory
from ltrr_opensearch.learn import predicted
from ltrr_opensearch.learn.remember import MemoryStore
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.types import Vector

BRANDS, KINDS = ("Dell", "Acer", "Sony", "Asus"), ("Laptop", "Monitor", "Tablet")
Typed = Callable[..., Result]


class Letters:
    """An encoder that counts letters."""

    dimension, digest = 26, "letters"

    def encode(self, texts: Sequence[str]) -> Vector:
        counts = np.array([[t.lower().count(chr(97 + i)) + 0.01 for i in range(26)] for t in texts], np.float32)
        return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True))


@pytest.fixture
def typed(client: OpenSearch, node: Any, index_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    monkeypatch.setattr("ltrr_opensearch.understand.encoders.load_encoder", lambda *_: Letters())
    one_shard = {"number_of_shards": 1, "number_of_replicas": 0}
    client.indices.create(index=index_name, body={"settings": one_shard})
    products = [(b, k) for b in (*BRANDS, "Lenovo") for k in KINDS]
    bulk(client, [_product(index_name, b, k) for b, k in products], refresh=True)
    asked = [f"{b.lower()} {k.lower()},{b}-{k}" for b in BRANDS for k in KINDS]
    (tmp_path / "clicks.csv").write_text("\n".join(["query,id", *asked]))
    settings = {
        "cluster": {"url": node.url},
        "state": {"prefix": f"{index_name}_l"},
        "encoder": {"model": "letters"},
        "indexes": {index_name: {"text_fields": {"title": 2}, "slot_fields": ["brand.keyword"]}},
    }
    (tmp_path / "ltrr.yml").write_text(yaml.safe_dump(settings))
    run = ["--config", str(tmp_path / "ltrr.yml"), "predict-queries"]
    return lambda *words: CliRunner(env={"COLUMNS": "160"}).invoke(main, [*run, *words])


def _product(index: str, brand: str, kind: str) -> dict[str, str]:
    return {"_index": index, "_id": f"{brand}-{kind}", "title": f"{kind} - {brand}", "brand": brand}


def _memory(client: OpenSearch, index: str) -> Memory:
    release = ReleaseStore(client, f"{index}_l").current(index)
    assert release
    return Memory.from_bytes(release.parts["memory"].payload)


def test_queries_are_predicted_published_and_only_once(
    typed: Typed, client: OpenSearch, index_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = ("--clicks", str(tmp_path / "clicks.csv"), "--share", "1")
    dry = typed(*learned, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "lenovo tablet" in dry.output
    assert "Dry run: nothing was written." in dry.output
    assert not client.indices.exists(index=f"{index_name}_l_memory")

    monkeypatch.setattr(predicted, "PAGE", 4)
    with monkeypatch.context() as broken:
        foresee, calls = MemoryStore.foresee, []

        def breaks(*given: Any) -> None:
            calls.append(given)
            if len(calls) == 3:
                raise KeyboardInterrupt
            foresee(*given)

        broken.setattr(MemoryStore, "foresee", breaks)
        assert typed(*learned).exit_code != 0
    after = typed(*learned)
    assert "7 documents," in after.output, "two pages of four were done before"
    assert "Published release" in after.output
    (best, *_) = _memory(client, index_name).near("lenovo tablet", None)
    assert (best.query, [e.id for e in best.entities], best.entities[0].predicted) == (
        "lenovo tablet",
        ["Lenovo-Tablet"],
        True,
    )
    assert "Nothing new to predict" in typed(*learned).output
    bulk(client, [_product(index_name, "HP", "Laptop")], refresh=True)
    assert "1 documents," in typed(*learned).output
    assert _memory(client, index_name).near("hp laptop", None)[0].similarity == 1.0

    client.indices.refresh(index=f"{index_name}_l_memory")
    nothing = typed("--by", "neighbours")
    assert "the memory holds no query" in nothing.output, "predictions teach no predictions"


def test_what_cannot_be_is_said(typed: Typed, tmp_path: Path) -> None:
    assert "--by model --model FOLDER" in typed("--by", "model").output
    assert (
        "a model has learned already"
        in typed("--by", "model", "--model", "x", "--clicks", str(tmp_path / "clicks.csv")).output
    )
    (tmp_path / "others.csv").write_text("query,id\nshoes,unknown")
    assert "names no query with a document of" in typed("--clicks", str(tmp_path / "others.csv")).output
    (tmp_path / "few.csv").write_text("query,id\ndell laptop,Dell-Laptop")
    assert "show no pattern" in typed("--clicks", str(tmp_path / "few.csv")).output
