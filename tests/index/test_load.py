"""Loading files on a real node: every line is accounted for, wherever it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.index.backfill import Target
from ltrr_opensearch.index.destination import destination
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.fillers import DenseFiller
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.load import Load, Loaded
from ltrr_opensearch.index.own_vectors import VectorShape
from ltrr_opensearch.index.pace import Pace
from tests.index.worlds import CountingEncoder, make_index, run_fill, vector_of

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SHAPE = VectorShape("vec", 2)


@pytest.fixture
def jobs(client: OpenSearch, index_name: str) -> JobStore:
    return JobStore(client, f"{index_name}_l")


@pytest.fixture
def failures(tmp_path: Path) -> Failures:
    return Failures(tmp_path / "failed.jsonl")


@pytest.fixture
def stream(client: OpenSearch, index_name: str) -> Iterator[str]:
    mappings = {"properties": {"title": {"type": "text"}}}
    template = {"index_patterns": [index_name], "data_stream": {}, "priority": 500, "template": {"mappings": mappings}}
    client.indices.put_index_template(name=index_name, body=template)
    client.indices.create_data_stream(name=index_name)
    yield index_name
    client.indices.delete_data_stream(name=index_name)
    client.indices.delete_index_template(name=index_name)


def load(
    client: OpenSearch,
    name: str,
    file: Path,
    jobs: JobStore,
    failures: Failures,
    advance: Callable[[int], None] = lambda _: None,
    target: Target | None = None,
) -> Loaded:
    to = destination(client, name)
    return Load(
        client, to, file, "id", [target] if target else [], SHAPE, jobs, failures, Pace(None), advance, lambda: NOW
    ).run()


def test_a_load_accounts_for_every_line(
    client: OpenSearch, index_name: str, jobs: JobStore, failures: Failures, tmp_path: Path
) -> None:
    make_index(client, index_name)
    file = tmp_path / "d.jsonl"
    file.write_text('{"id": "1", "title": "shoe"}\n{"id": "2", "title": {"no": "text"}}\nnot json\n{"id": "3"}\n')
    counts = load(client, index_name, file, jobs, failures)
    assert (counts.indexed, counts.failed) == (2, 2)
    listed = failures.file.read_text()
    assert '"d.jsonl:2 _id 2"' in listed
    assert '"d.jsonl:3"' in listed
    assert client.count(index=index_name)["count"] == 2


def test_an_interrupted_load_goes_on_where_it_was(
    client: OpenSearch, index_name: str, jobs: JobStore, failures: Failures, tmp_path: Path
) -> None:
    make_index(client, index_name)
    file = tmp_path / "d.jsonl"
    file.write_text("".join(f'{{"id": "{n}", "title": "shoe"}}\n' for n in range(450)))
    done = 0

    def advance(lines: int) -> None:
        nonlocal done
        done += lines
        if done == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(client, index_name, file, jobs, failures, advance)
    counts = load(client, index_name, file, jobs, failures)
    assert (counts.resumed, counts.indexed) == (200, 250)
    assert client.count(index=index_name)["count"] == 450


def test_a_document_keeps_the_vector_that_it_brings(
    client: OpenSearch, index_name: str, jobs: JobStore, failures: Failures, tmp_path: Path
) -> None:
    make_index(client, index_name)
    file = tmp_path / "d.jsonl"
    file.write_text(
        '{"id": "own", "title": "shoe", "vec": [0.6, 0.8]}\n{"id": "ours", "title": "boot"}\n'
        '{"id": "null", "title": "sock", "vec": null}\n{"id": "long", "title": "hat", "vec": [1, 2, 3]}\n'
        '{"id": "text", "title": "cap", "vec": "0.6 0.8"}\n{"id": "mixed", "title": "tie", "vec": [1, "a"]}\n'
        '{"id": "mute", "vec": [0.8, 0.6]}\n'
    )
    encoder = CountingEncoder()
    target = Target("vec", ("title",), DenseFiller(encoder))
    counts = load(client, index_name, file, jobs, failures, target=target)
    assert (counts.indexed, counts.failed, counts.own_vector, counts.without_text) == (4, 3, 2, 0)
    assert encoder.asked == ["boot", "sock"]
    assert vector_of(client, index_name, "own") == [0.6, 0.8]
    listed = failures.file.read_text()
    assert "d.jsonl:4 _id long" in listed
    assert "vec has 3 values; needed are 2 numbers, or no vec at all" in listed
    assert "vec is '0.6 0.8'; needed are 2 numbers" in listed
    assert "vec has 'a' among its values" in listed
    tally, _ = run_fill(client, index_name, CountingEncoder(), tmp_path)
    assert (tally.kept, tally.unchanged, tally.written) == (2, 2, 0)


def test_a_vector_of_the_wrong_length_is_refused_where_vectors_come_from_elsewhere_too(
    client: OpenSearch, index_name: str, jobs: JobStore, failures: Failures, tmp_path: Path
) -> None:
    make_index(client, index_name)
    file = tmp_path / "d.jsonl"
    file.write_text('{"id": "1", "title": "shoe", "vec": [1]}\n')
    assert load(client, index_name, file, jobs, failures).failed == 1
    assert "vec has 1 values; needed are 2 numbers" in failures.file.read_text()


def test_a_data_stream_takes_new_documents_only(
    client: OpenSearch, stream: str, jobs: JobStore, failures: Failures, tmp_path: Path
) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text(
        '{"id": "1", "title": "a", "@timestamp": "2026-01-01T00:00:00Z"}\n{"id": "2", "title": "no time"}\n'
    )
    counts = load(client, stream, file, jobs, failures)
    assert (counts.indexed, counts.failed, counts.present) == (1, 1, 0)
    assert "'@timestamp' of date type" in failures.file.read_text()
    again = load(client, stream, file, jobs, failures)
    assert (again.indexed, again.failed, again.present) == (0, 1, 1)


def test_an_alias_is_loaded_through_its_write_index(
    client: OpenSearch, index_name: str, jobs: JobStore, failures: Failures, tmp_path: Path
) -> None:
    alias = f"{index_name}_alias"
    for part, is_write_index in (("a", False), ("b", True)):
        make_index(client, f"{index_name}_{part}")
        client.indices.put_alias(index=f"{index_name}_{part}", name=alias, body={"is_write_index": is_write_index})
    file = tmp_path / "d.jsonl"
    file.write_text('{"id": "1", "title": "shoe"}\n')
    assert load(client, alias, file, jobs, failures).indexed == 1
    assert client.count(index=f"{index_name}_b")["count"] == 1


def test_what_cannot_be_written_to_is_refused_before_the_first_document(client: OpenSearch, index_name: str) -> None:
    alias = f"{index_name}_alias"
    for part in "ab":
        client.indices.create(index=f"{index_name}_{part}", body={"aliases": {alias: {}}})
    with pytest.raises(DataError, match=rf"alias {alias} has no index to write to.*is_write_index"):
        destination(client, alias)
    with pytest.raises(DataError, match=rf"stands for any number of indexes; load into one.*{index_name}_a"):
        destination(client, f"{index_name}_*")
    with pytest.raises(DataError, match="there is no index"):
        destination(client, f"{index_name}_c")
