"""Set-up, forgetting and the doctor on a real node, through the same objects as the commands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.bench.music import BY_DEGREE, load_music, mixed_rows
from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.errors import Conflict, SettingsError, Unreachable
from ltrr_opensearch.index.checkup import examine
from ltrr_opensearch.index.findings import State
from ltrr_opensearch.index.forget import forget_deleted, forget_unshared
from ltrr_opensearch.index.prepare import Fields, index_requests
from ltrr_opensearch.index.publish import setup_parts
from ltrr_opensearch.index.requests import perform
from ltrr_opensearch.index.retention import expired
from ltrr_opensearch.index.setup import Setup
from ltrr_opensearch.index_settings import IndexSettings, VectorSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.learn.memory import COLUMNS
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings, StateSettings
from ltrr_opensearch.types import EntityScore
from tests.index.worlds import put

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def settings(client: OpenSearch, index_name: str) -> Iterator[Settings]:
    index = {"text_fields": {"title": 1}, "slot_fields": ["brand"], "vector": {"dimension": 2}}
    yield Settings.model_validate({"state": {"prefix": f"{index_name}_l"}, "indexes": {index_name: index}})
    for template in load_templates(StateSettings(prefix=f"{index_name}_l"))[::-1]:
        if template.name.startswith(index_name):
            client.transport.perform_request("DELETE", template.path, params={"ignore": 404})


def test_a_second_setup_changes_nothing(client: OpenSearch, index_name: str, settings: Settings) -> None:
    first = Setup(client, settings, index_name, lambda: NOW)
    assert len(first.requests()) == len(list(first.prepare()))
    assert client.indices.get_mapping(index=index_name)[index_name]["mappings"]["properties"]["ltrr_embedding"]
    assert any("published" in line for line in first.publish())
    second = Setup(client, settings, index_name, lambda: NOW)
    assert (second.requests(), list(second.publish())) == ([], [])
    broken = [f for f in examine(client, settings) if f.state is State.BROKEN]
    assert broken == []


def test_slot_values_are_read_again_only_when_something_changed(client: OpenSearch, index_name: str) -> None:
    client.indices.create(
        index=index_name, body={"mappings": {"properties": {"title": {"type": "text"}, "brand": {"type": "keyword"}}}}
    )
    client.index(index=index_name, id="1", body={"title": "one", "brand": "Acme"}, params={"refresh": "true"})
    shop = IndexSettings(text_fields={"title": 1}, slot_fields=("brand",))

    def made(settings: IndexSettings, serving: dict[str, Part] | None) -> dict[str, Part]:
        return setup_parts(client, index_name, settings, NOW, serving)

    first = made(shop, None)
    assert made(shop, first)["gazetteer"] is first["gazetteer"]
    assert made(shop.model_copy(update={"synonyms": ("acme, apex",)}), first)["gazetteer"] is not first["gazetteer"]
    client.index(index=index_name, id="1", body={"title": "one", "brand": "Apex"}, params={"refresh": "true"})
    second = made(shop, first)
    assert second["gazetteer"].sha256 != first["gazetteer"].sha256
    client.delete(index=index_name, id="1", params={"refresh": "true"})
    assert made(shop, second)["gazetteer"] is not second["gazetteer"]


def test_what_clicks_say_of_degrees_is_read_anew_with_the_memory(client: OpenSearch, index_name: str) -> None:
    load_music(client, index_name, mixed_rows())
    index = IndexSettings.model_validate(BY_DEGREE)
    milo = next(row["id"] for row in mixed_rows() if row["title"] == "Milo Strand")

    def made(score: float, serving: dict[str, Part]) -> dict[str, Part]:
        bytes = Memory.from_rows([MemoryRow("folk artists", (EntityScore(milo, score),))]).to_bytes()
        memory = Part("memory", index_name, "m", "rows", bytes, "sha", NOW)
        return setup_parts(client, index_name, index, NOW, {**serving, "memory": memory})

    first = made(0.5, {})
    assert made(0.51, first)["gazetteer"] is first["gazetteer"]
    second = made(0.9, first)
    before, after = (
        Gazetteer.from_bytes(parts["gazetteer"].payload).degrees.degree("leaning", "Milo Strand", ["Folk"])
        for parts in (first, second)
    )
    assert before is not None
    assert after is not None
    assert after > before
    damaged = Part("memory", index_name, "m", "rows", b"no", "sha", NOW)
    assert "gazetteer" in setup_parts(client, index_name, index, NOW, {**second, "memory": damaged})


def test_a_changed_index_of_the_same_values_is_read_once(client: OpenSearch, index_name: str) -> None:
    prefix, index = f"{index_name}l", {"text_fields": {"title": 1}, "slot_fields": ["brand"]}
    settings = Settings.model_validate({"state": {"prefix": prefix}, "indexes": {index_name: index}})

    def set_up(*, again: bool = False) -> list[str]:
        run = Setup(client, settings, index_name, lambda: NOW, again=again)
        list(run.prepare())
        return [line.split(" as release")[0] for line in run.publish()]

    try:
        set_up()
        client.index(index=index_name, id="1", body={"title": "one", "brand": "Acme"}, params={"refresh": "true"})
        reason = "1 of 1 documents were written or went since it was last read whole"
        assert set_up() == [f"read the values of 1 documents, {reason}", "published gazetteer, terms"]
        client.index(index=index_name, id="1", body={"title": "one", "brand": "Acme"}, params={"refresh": "true"})
        assert set_up() == [f"read the values of 1 documents, {reason}"]
        assert set_up() == []
        assert set_up(again=True) == ["read the values of 1 documents, asked for"]
    finally:
        client.indices.delete(index=f"{prefix}_*", params={"ignore_unavailable": "true"})
        for template in load_templates(settings.state)[::-1]:
            if template.name.startswith(prefix):
                client.transport.perform_request("DELETE", template.path, params={"ignore": 404})


def test_an_index_of_a_pattern_is_set_up_and_published_under_its_key(client: OpenSearch, index_name: str) -> None:
    """Proxies look for what is published under the key of the configuration."""
    pattern, prefix = f"{index_name}_*", f"{index_name}l"
    index = {"text_fields": {"title": 1}, "vector": {"dimension": 2}}
    settings = Settings.model_validate({"state": {"prefix": prefix}, "indexes": {pattern: index}})
    try:
        for month in ("may", "june"):
            client.indices.create(index=f"{index_name}_{month}", body={"settings": {"index.knn": True}})
        for named in (f"{index_name}_june", f"{index_name}_july"):
            run = Setup(client, settings, named, lambda: NOW)
            list(run.prepare())
            list(run.publish())
        assert client.indices.exists(index=f"{index_name}_july")
        assert ReleaseStore(client, prefix).current(pattern)
        mapped = client.indices.get_mapping(index=pattern).values()
        assert ["ltrr_embedding" in m["mappings"]["properties"] for m in mapped] == [True, True, True]
    finally:
        client.indices.delete(index=f"{pattern},{prefix}_*", params={"ignore_unavailable": "true"})
        for template in load_templates(settings.state)[::-1]:
            if template.name.startswith(prefix):
                client.transport.perform_request("DELETE", template.path, params={"ignore": 404})


def test_the_doctor_looks_for_the_policy_and_the_strategies(client: OpenSearch) -> None:
    strategies = [{"name": "original", "use": "original"}, {"name": "own", "use": "nope"}]
    index = {"text_fields": {"title": 1}, "strategies": strategies}
    settings = Settings.model_validate({"choose": {"policy": "magic"}, "indexes": {"one": index, "two": index}})
    found = [f.found for f in examine(client, settings) if f.what == "configuration" and f.state is State.BROKEN]
    assert found == ["choose.policy is 'magic'", "strategy 'own': there is no 'nope' to use"]


def test_a_new_index_maps_what_the_configuration_names(client: OpenSearch, index_name: str) -> None:
    index = IndexSettings(
        text_fields={"title": 1}, slot_fields=("brand.keyword",), object_id_field="sku", id_field="id"
    )
    (request,) = index_requests(client, index_name, index, Fields())
    perform(client, request)
    assert index_requests(client, index_name, index, Fields()) == []
    found = client.indices.get_mapping(index=index_name)[index_name]["mappings"]["properties"]
    assert {name: body["type"] for name, body in found.items()} == {
        "title": "text",
        "brand": "text",
        "sku": "keyword",
        "id": "keyword",
    }


def test_an_index_that_is_not_configured_is_refused(client: OpenSearch, settings: Settings) -> None:
    with pytest.raises(SettingsError, match=r"index prodcuts is not configured.*--discover"):
        Setup(client, settings, "prodcuts", lambda: NOW)


def test_an_index_without_knn_says_how_to_copy_it(client: OpenSearch, index_name: str) -> None:
    client.indices.create(index=index_name, body={"mappings": {"properties": {"title": {"type": "text"}}}})
    index = IndexSettings(text_fields={"title": 1}, vector=VectorSettings(dimension=2))
    with pytest.raises(Conflict, match=r"without index.knn: true[\s\S]*POST /_reindex"):
        index_requests(client, index_name, index, Fields("ltrr_embedding"))


def test_contradictions_of_mapping_and_configuration_are_all_named(client: OpenSearch, index_name: str) -> None:
    brand = {"type": "text", "fields": {"raw": {"type": "keyword"}}}
    client.indices.create(
        index=index_name, body={"mappings": {"properties": {"brand": brand, "title": {"type": "text"}}}}
    )
    put(client, index_name, "1", {"brand": "Acme"})
    vector = VectorSettings(source_fields=("titl", "brand"), backfill=False)
    index = IndexSettings(
        text_fields={"titel": 1}, slot_fields=("brand",), vector=vector, object_id_field="sku", id_field="title"
    )
    with pytest.raises(
        Conflict,
        match=r"text_fields: titel is not in the mapping; did you mean title[\s\S]*mapped as text.*use brand.raw"
        r"[\s\S]*source_fields: titl is not in[\s\S]*object_id_field: sku is not in[\s\S]*id_field: title is mapped as",
    ):
        index_requests(client, index_name, index, Fields())


def test_a_vector_field_of_another_length_is_a_conflict(client: OpenSearch, index_name: str) -> None:
    method = {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"}
    body = {
        "settings": {"index.knn": True},
        "mappings": {"properties": {"v": {"type": "knn_vector", "dimension": 3, "method": method}}},
    }
    client.indices.create(index=index_name, body=body)
    index = IndexSettings(text_fields={"title": 1}, vector=VectorSettings(field="v", dimension=2))
    with pytest.raises(Conflict, match=r"dimension 3, the configuration says 2.*set vector\.dimension: 3"):
        index_requests(client, index_name, index, Fields("v"))


def test_deleted_documents_leave_the_memory(client: OpenSearch, index_name: str) -> None:
    put(client, index_name, "here", {"title": "shoe"})
    columns = {name: [0.5, 0.9] for name in COLUMNS}
    memory = {"index": index_name, "query": "shoe", "entities": {"id": ["here", "gone"], **columns}}
    client.indices.create(
        index=f"{index_name}_l_memory", body={"mappings": {"properties": {"index": {"type": "keyword"}}}}
    )
    put(client, f"{index_name}_l_memory", "m", memory)
    assert forget_deleted(client, f"{index_name}_l", index_name, None) == 1
    assert client.get(index=f"{index_name}_l_memory", id="m")["_source"]["entities"] == {
        "id": ["here"],
        **{name: [0.5] for name in COLUMNS},
    }


def test_queries_of_too_few_people_leave_the_memory_with_the_log(client: OpenSearch, index_name: str) -> None:
    memory = f"{index_name}_l_memory"
    templates = load_templates(StateSettings(prefix=f"{index_name}_l"))
    mappings = next(t.body["template"]["mappings"] for t in templates if t.name.endswith("_memory"))
    client.indices.create(index=memory, body={"mappings": mappings})
    old, new = NOW.isoformat(), (NOW + timedelta(days=2)).isoformat()
    for id, updated, enough, predicted in [
        ("few", old, 0, False),
        ("fresh", new, 0, False),
        ("shared", old, 2, False),
        ("predicted", old, 0, True),
    ]:
        put(client, memory, id, {"index": "shop", "updated": updated, "enough": enough, "predicted": predicted})
    assert forget_unshared(client, memory, 2, NOW + timedelta(days=1)) == 1
    client.indices.refresh(index=memory)
    left = {hit["_id"] for hit in client.search(index=memory)["hits"]["hits"]}
    assert left == {"fresh", "shared", "predicted"}
    assert forget_unshared(client, f"{index_name}_none", 2, NOW) == 0


def remember(client: OpenSearch, name: str, key: str, ids: list[str]) -> None:
    """A memory of one query of the index `key`."""
    columns = {column: [0.5] * len(ids) for column in COLUMNS}
    mappings = {"properties": {"index": {"type": "keyword"}}}
    client.indices.create(index=f"{name}_l_memory", body={"mappings": mappings})
    put(client, f"{name}_l_memory", "m", {"index": key, "query": "shoe", "entities": {"id": ids, **columns}})


def test_an_id_in_several_indexes_of_a_pattern_is_there(client: OpenSearch, index_name: str) -> None:
    ids = [f"d{n}" for n in range(30)]
    for part in "ab":
        for id in ids:
            client.index(index=f"{index_name}_{part}", id=id, body={"title": "shoe"})
    client.indices.refresh(index=f"{index_name}_*")
    pattern = f"{index_name}_a,{index_name}_b"
    remember(client, index_name, pattern, [*ids, "gone"])
    assert forget_deleted(client, f"{index_name}_l", pattern, None) == 1
    assert client.get(index=f"{index_name}_l_memory", id="m")["_source"]["entities"]["id"] == ids


def test_nothing_is_forgotten_while_a_shard_is_missing(client: OpenSearch, index_name: str) -> None:
    put(client, f"{index_name}_a", "here", {"title": "shoe"})
    nowhere = {"index.routing.allocation.require._name": "nobody"}
    client.indices.create(index=f"{index_name}_b", body={"settings": nowhere}, params={"wait_for_active_shards": "0"})
    pattern = f"{index_name}_a,{index_name}_b"
    remember(client, index_name, pattern, ["here", "on the missing shard"])
    with pytest.raises(Unreachable, match=r"cannot be searched as a whole.*nothing was done"):
        forget_deleted(client, f"{index_name}_l", pattern, None)


def test_nothing_is_forgotten_while_a_pattern_matches_no_index(client: OpenSearch, index_name: str) -> None:
    remember(client, index_name, f"{index_name}_x*", ["a"])
    with pytest.raises(Unreachable, match="it matches no index"):
        forget_deleted(client, f"{index_name}_l", f"{index_name}_x*", None)


def test_a_month_expires_when_its_last_day_is_old_enough() -> None:
    names = ["p_decisions-2025.12", "p_decisions-2026.01", "p_decisions-2026.02", "p_decisions-other"]
    assert expired("p", names, 89, NOW) == ["p_decisions-2025.12", "p_decisions-2026.01"]
    assert expired("p", names, 90, NOW) == ["p_decisions-2025.12"]
