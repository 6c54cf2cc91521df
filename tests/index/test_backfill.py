"""Backfill and sync on a real node: nothing twice, nothing lost, whoever else writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.index.backfill import Need, Target, need_of
from ltrr_opensearch.index.fillers import DenseFiller
from ltrr_opensearch.index.jobs import JobStore, serving_field
from ltrr_opensearch.index.shards import Document
from ltrr_opensearch.index.vector_mapping import properties
from ltrr_opensearch.index_settings import VectorSettings
from tests.index.worlds import CountingEncoder, make_index, put, run_fill, vector_of


def test_every_document_gets_its_vector_and_keeps_its_own_fields(
    client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    make_index(client, index_name, shards=2)
    for n in range(7):
        put(client, index_name, str(n), {"title": f"shoe {n}", "price": n})
    put(client, index_name, "routed", {"title": "boot"}, routing="elsewhere")
    tally, done = run_fill(client, index_name, CountingEncoder(), tmp_path)
    assert (tally.written, tally.failed, done) == (8, 0, True)
    assert client.get(index=index_name, id="3")["_source"]["price"] == 3
    assert vector_of(client, index_name, "routed", routing="elsewhere") == pytest.approx([0.9992, 0.03999], abs=1e-4)


def test_a_second_run_embeds_nothing_and_writes_nothing(client: OpenSearch, index_name: str, tmp_path: Path) -> None:
    make_index(client, index_name)
    put(client, index_name, "a", {"title": "red shoe"})
    run_fill(client, index_name, CountingEncoder(), tmp_path)
    version = client.get(index=index_name, id="a")["_version"]
    again = CountingEncoder()
    tally, done = run_fill(client, index_name, again, tmp_path)
    assert (again.asked, tally.written, done) == ([], 0, True)
    assert client.get(index=index_name, id="a")["_version"] == version


def test_rewritten_changed_and_new_documents_are_embedded_again(
    client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    make_index(client, index_name)
    for id in ("whole", "partial", "price", "same"):
        put(client, index_name, id, {"title": f"old {id}"})
    run_fill(client, index_name, CountingEncoder(), tmp_path)
    put(client, index_name, "whole", {"title": "new whole"})
    client.update(index=index_name, id="partial", body={"doc": {"title": "new partial"}})
    client.update(index=index_name, id="price", body={"doc": {"price": 5}})
    put(client, index_name, "fresh", {"title": "fresh"})
    encoder = CountingEncoder()
    tally, _ = run_fill(client, index_name, encoder, tmp_path)
    assert sorted(encoder.asked) == ["fresh", "new partial", "new whole"]
    assert tally.unchanged == 1


def test_every_index_behind_an_alias_and_every_generation_of_a_data_stream_is_filled(
    client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    alias, stream = f"{index_name}_alias", f"{index_name}_stream"
    for part in "ab":
        make_index(client, f"{index_name}_{part}")
        client.indices.put_alias(index=f"{index_name}_{part}", name=alias)
        put(client, f"{index_name}_{part}", part, {"title": "shoe"})
    tally, done = run_fill(client, alias, CountingEncoder(), tmp_path)
    assert (tally.written, done) == (2, True)

    vector = properties(VectorSettings(field="vec", dimension=2), "vec")
    made = {"settings": {"index.knn": True}, "mappings": {"properties": {"title": {"type": "text"}, **vector}}}
    template = {"index_patterns": [stream], "data_stream": {}, "priority": 500, "template": made}
    client.indices.put_index_template(name=stream, body=template)
    try:
        for id in ("old", "new"):
            document = {"@timestamp": "2026-01-01T00:00:00Z", "title": "boot"}
            client.create(index=stream, id=id, body=document, params={"refresh": "true"})
            client.indices.rollover(alias=stream)
        tally, done = run_fill(client, stream, CountingEncoder(), tmp_path)
        assert (tally.written, tally.failed, done) == (2, 0, True)
    finally:
        client.indices.delete_data_stream(name=stream)
        client.indices.delete_index_template(name=stream)


def test_a_concurrent_write_of_the_application_wins_and_is_embedded(
    client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    make_index(client, index_name)
    put(client, index_name, "a", {"title": "first"})

    def rewrite(texts: Sequence[str]) -> None:
        if list(texts) == ["first"]:
            put(client, index_name, "a", {"title": "second, by the application"})

    tally, done = run_fill(client, index_name, CountingEncoder(during=rewrite), tmp_path)
    source = client.get(index=index_name, id="a")["_source"]
    assert source["title"] == "second, by the application"
    assert source["vec"] == pytest.approx([0.9664, 0.2571], abs=1e-4)
    assert (tally.changed, tally.written, done) == (1, 1, True)


def test_a_document_deleted_meanwhile_is_no_failure(client: OpenSearch, index_name: str, tmp_path: Path) -> None:
    make_index(client, index_name)
    put(client, index_name, "a", {"title": "first"})
    gone = CountingEncoder(during=lambda _: client.delete(index=index_name, id="a", params={"refresh": "true"}))
    tally, done = run_fill(client, index_name, gone, tmp_path)
    assert (tally.written, tally.failed, done) == (0, 0, True)


def test_a_document_without_text_is_listed_and_the_rest_goes_on(
    client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    make_index(client, index_name)
    put(client, index_name, "mute", {"price": 1})
    put(client, index_name, "a", {"title": "shoe"})
    tally, done = run_fill(client, index_name, CountingEncoder(), tmp_path)
    assert (tally.written, tally.failed, done) == (1, 1, True)
    assert (tmp_path / "failed.jsonl").read_text() == '{"document":"mute","reason":"no text in title"}\n'


def test_another_encoder_gets_a_field_of_its_own_which_serves_once_it_is_complete(
    client: OpenSearch, index_name: str, tmp_path: Path
) -> None:
    make_index(client, index_name)
    put(client, index_name, "a", {"title": "shoe"})
    prefix = f"{index_name}_ltrr"
    assert serving_field(client, prefix, index_name, "d1", "vec") == "vec"
    run_fill(client, index_name, CountingEncoder("d1"), tmp_path)
    assert JobStore(client, prefix).vector_fields(index_name).name_for("d2", "vec") == "vec_d2"
    assert serving_field(client, prefix, index_name, "d2", "vec") is None
    run_fill(client, index_name, CountingEncoder("d2"), tmp_path, field="vec_d2")
    assert serving_field(client, prefix, index_name, "d2", "vec") == "vec_d2"
    assert serving_field(client, prefix, index_name, "d1", "vec") == "vec"


def test_a_vector_that_somebody_else_made_is_kept() -> None:
    document = Document("i", "1", None, 0, 1, {"title": "shoe"}, has_vector=True)
    assert need_of(document, Target("vec", ("title",), DenseFiller(CountingEncoder())))[0] is Need.KEEP
