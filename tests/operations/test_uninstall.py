"""What is left of us after `ltrr uninstall`: the cluster's metadata before set-up and after it, compared."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.index.jobs import JobStore, VectorField, VectorFields
from ltrr_opensearch.settings import Settings
from tests.operations.world import configuration_of, products, running, set_up, settings_for, until

BODY = {"query": {"match": {"title": "red shoes"}}, "size": 3}
PIPELINES = ("ingest", "search_pipeline")
VECTOR, KEY = "ltrr_embedding", "ltrr_embedding_key"


def metadata(client: OpenSearch, name: str) -> Any:
    """Everything in the cluster's metadata that bears the name: indexes with mappings and aliases, templates."""
    whole = client.cluster.state(metric="metadata")["metadata"]
    indexes = {
        index: {part: body[part] for part in ("settings", "mappings", "aliases")}
        for index, body in whole["indices"].items()
        if index.startswith(name)
    }
    templates = {
        kind: sorted(t for t in whole.get(kind, {}).get(kind, {}) if name in t)
        for kind in ("index_template", "component_template")
    }
    pipelines = {
        kind: sorted(p for p in whole.get(kind, {}).get("pipeline", {}) if name in str(p)) for kind in PIPELINES
    }
    return {"indexes": indexes, **templates, **pipelines}


@pytest.fixture
def settings(node: Any, client: OpenSearch, name: str, spool: Path) -> Settings:
    products(client, f"{name}-shop", 30)
    return settings_for(node.url, name, spool)


def typed(tmp_path: Path, settings: Settings, *words: str) -> Result:
    path = tmp_path / "ltrr.yml"
    path.write_text(configuration_of(settings))
    return CliRunner().invoke(main, ["--config", str(path), "uninstall", *words])


def test_the_cluster_is_as_it_was(client: OpenSearch, settings: Settings, name: str, tmp_path: Path) -> None:
    key = f"{name}-shop"
    before = metadata(client, name)
    documents = _documents(client, key)
    set_up(settings, key)
    with running(settings) as proxy:
        proxy.search(key, BODY)
        until(lambda: bool(client.indices.get(index=f"{name}_decisions-*")))
    assert metadata(client, name) != before

    dry = typed(tmp_path, settings, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert f"DELETE /{name}_models" in dry.output
    assert "none was sent" in dry.output
    assert client.indices.exists(index=f"{name}_models")

    done = typed(tmp_path, settings, "--yes", "--ubi")
    assert done.exit_code == 0, done.output
    assert metadata(client, name) == before
    assert _documents(client, key) == documents
    assert "nothing to do" in typed(tmp_path, settings, "--yes", "--ubi").output


def test_the_ubi_indexes_stay_unless_they_are_named(
    client: OpenSearch, settings: Settings, name: str, tmp_path: Path
) -> None:
    set_up(settings, f"{name}-shop")
    done = typed(tmp_path, settings, "--yes")
    assert f"{name}-queries and {name}-events stay" in done.output
    assert set(metadata(client, name)["indexes"]) == {f"{name}-{what}" for what in ("shop", "queries", "events")}
    assert metadata(client, name)["index_template"] == []


def test_vectors_leave_the_documents_and_their_mapping_is_said_to_stay(
    client: OpenSearch, name: str, spool: Path, node: Any, tmp_path: Path
) -> None:
    key = f"{name}-shop"
    products(client, key, 30, {"index.knn": True})
    documents = _documents(client, key)
    settings = _with_vectors(settings_for(node.url, name, spool), key)
    set_up(settings, key)
    fields = VectorFields({"digest": VectorField(VECTOR, complete=True)})
    JobStore(client, name).save_vector_fields(key, fields, datetime.now(UTC))
    client.update(index=key, id="0", body={"doc": {VECTOR: [0.1, 0.2], KEY: "k"}}, params={"refresh": "true"})
    done = typed(tmp_path, settings, "--yes", "--ubi")
    assert done.exit_code == 0, done.output
    assert _documents(client, key) == documents
    assert f"the mapping of {VECTOR} stays in {key}" in done.output
    assert set(metadata(client, name)["indexes"]) == {key}


def test_one_index_leaves_the_others_alone(client: OpenSearch, settings: Settings, name: str, tmp_path: Path) -> None:
    one, other = f"{name}-shop", f"{name}-other"
    products(client, other, 6)
    both = settings.model_copy(update={"indexes": {one: settings.indexes[one], other: settings.indexes[one]}})
    for key in (one, other):
        set_up(both, key)
    done = typed(tmp_path, both, one, "--yes")
    assert done.exit_code == 0, done.output
    left = client.search(index=f"{name}_models", body={"size": 100, "_source": ["index"]})["hits"]["hits"]
    assert {hit["_source"]["index"] for hit in left} == {other}
    client.indices.refresh(index=f"{name}_releases")
    releases = client.search(index=f"{name}_releases", body={"size": 100, "_source": ["index"]})["hits"]["hits"]
    assert {hit["_id"] for hit in releases} == {other}


def test_an_index_that_a_pattern_covers_stands_for_its_key(
    client: OpenSearch, settings: Settings, name: str, tmp_path: Path
) -> None:
    pattern = f"{name}-sh*"
    wide = settings.model_copy(update={"indexes": {pattern: settings.indexes[f"{name}-shop"]}})
    set_up(wide, pattern)
    done = typed(tmp_path, wide, f"{name}-shop", "--yes")
    assert done.exit_code == 0, done.output
    assert f"{pattern}: gone" in done.output
    client.indices.refresh(index=f"{name}_releases")
    assert client.count(index=f"{name}_releases")["count"] == 0


def test_it_asks_first(settings: Settings, client: OpenSearch, name: str, tmp_path: Path) -> None:
    set_up(settings, f"{name}-shop")
    path = tmp_path / "ltrr.yml"
    path.write_text(configuration_of(settings))
    said = CliRunner().invoke(main, ["--config", str(path), "uninstall"], input="n\n")
    assert said.exit_code == 1
    assert client.indices.exists(index=f"{name}_models")


def test_an_index_that_is_not_configured_is_refused(settings: Settings, tmp_path: Path) -> None:
    said = typed(tmp_path, settings, "nope", "--yes")
    assert said.exit_code == 1
    assert "no index 'nope' in the configuration" in said.output


def _documents(client: OpenSearch, index: str) -> dict[str, Any]:
    client.indices.refresh(index=index)
    hits = client.search(index=index, body={"size": 1000})["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def _with_vectors(settings: Settings, key: str) -> Settings:
    index = {**settings.indexes[key].model_dump(exclude_none=True), "vector": {"dimension": 2}}
    return Settings.model_validate({**settings.model_dump(exclude_none=True), "indexes": {key: index}})
