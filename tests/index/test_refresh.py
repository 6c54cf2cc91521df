"""A gazetteer kept up to date by what was written since, on a real node of two shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from ltrr_opensearch.bench.music import BODY, BY_DEGREE, mixed_rows
from ltrr_opensearch.bench.read_world import ReadWorld
from ltrr_opensearch.index.counts import CountStore, ValueReader
from ltrr_opensearch.index.gazetteer import build_gazetteer, count_whole, gazetteer_of
from ltrr_opensearch.index.refresh import Known, refreshed
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.types import Encoded, Json

MUSIC = IndexSettings.model_validate(BY_DEGREE | {"slot_fields": ["genre", "live"]})
SONG: Json = {"id": "new", "kind": "song", "title": "Rain", "artist": "Ada Merrow", "genre": "Polka", "live": True}
TWO_SHARDS: Json = {
    "settings": {"number_of_shards": 2, "number_of_replicas": 0},
    "mappings": {"properties": {**BODY["mappings"]["properties"], "live": {"type": "boolean"}}},
}
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def music(client: OpenSearch, index_name: str) -> Iterator[str]:
    client.indices.create(index=index_name, body=TWO_SHARDS)
    write(client, index_name, mixed_rows())
    yield index_name
    client.indices.delete(index=f"{index_name}_l_jobs", ignore_unavailable=True)


def write(client: OpenSearch, index: str, rows: Iterable[Json]) -> None:
    bulk(client, ({"_index": index, "_id": row["id"], **row} for row in rows), refresh=True)


def delete(client: OpenSearch, index: str, ids: Iterable[str]) -> None:
    bulk(client, ({"_op_type": "delete", "_index": index, "_id": id} for id in ids), refresh=True)


class Spy:
    """Counts the requests of a client, and the documents that come."""

    def __init__(self, client: OpenSearch, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests = self.documents = 0
        asked = client.transport.perform_request

        def spied(*args: Any, **kwargs: Any) -> Any:
            answer = asked(*args, **kwargs)
            self.requests += 1
            self.documents += len(answer["hits"]["hits"]) if isinstance(answer, dict) and "hits" in answer else 0
            return answer

        monkeypatch.setattr(client.transport, "perform_request", spied)


def known_of(client: OpenSearch, index: str, known: Known | None = None) -> tuple[Known, str]:
    found = refreshed(client, index, MUSIC, known)
    return found.known, found.said


def test_what_is_new_is_counted_as_a_whole_reading_would(
    client: OpenSearch, music: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, said = known_of(client, music)
    assert said == "240 documents, no earlier counts"
    newcomers = SONG | {"id": "new-too", "artist": "Newcomer", "genre": ["Polka", "Folk"], "live": False}
    write(client, music, [SONG, newcomers, {"id": "artist", "kind": "artist", "title": "Newcomer", "plays": 4}])
    spy = Spy(client, monkeypatch)
    known, said = known_of(client, music, known)
    assert (said, spy.documents) == ("3 of 243 documents, written since", 3)
    assert spy.requests < 15, "a few a shard, however many fields and values there are"
    whole = count_whole(client, music, MUSIC, 243)
    assert known.counted.values == whole.values
    assert known.counted.names == whole.names
    assert known.counted.members == whole.members
    gazetteer = gazetteer_of(known.counted, 243, MUSIC)
    assert {slot.value for slot in gazetteer.match(("polka",))} == {"Polka"}
    assert gazetteer.degrees.degree("leaning", "Newcomer", ["Polka"])
    assert known_of(client, music, known)[1] == "0 of 243 documents, written since"


def test_what_is_written_again_counts_once_and_what_went_stays_until_all_is_read(
    client: OpenSearch, music: str
) -> None:
    known, _ = known_of(client, music)
    songs = [row for row in mixed_rows() if row.get("genre") == "Jazz"]
    jazz = known.counted.values["genre", "Jazz"]
    for _ in range(3):
        write(client, music, [row | {"genre": ["Jazz", "Bebop"]} for row in songs[:5]])
        known, said = known_of(client, music, known)
        assert said == "5 of 240 documents, written since"
    assert known.counted.values["genre", "Bebop"] == 5
    assert known.counted.values["genre", "Jazz"] == jazz
    delete(client, music, [row["id"] for row in songs[5:8]])
    known, _ = known_of(client, music, known)
    assert known.counted.values["genre", "Jazz"] == jazz, "what went is not seen"
    write(client, music, mixed_rows()[:30])
    known, said = known_of(client, music, known)
    assert said.endswith("were written or went since it was last read whole")
    assert known.counted.values["genre", "Jazz"] == jazz - 3
    scratch = build_gazetteer(client, music, MUSIC)
    assert gazetteer_of(known.counted, 237, MUSIC).to_bytes() == scratch.to_bytes()


def test_what_an_alias_hides_is_not_counted(client: OpenSearch, music: str) -> None:
    alias = f"{music}_shown"
    client.indices.put_alias(
        index=music, name=alias, body={"filter": {"bool": {"must_not": {"term": {"genre": "Ska"}}}}}
    )
    known, _ = known_of(client, alias)
    write(client, music, [SONG | {"genre": "Ska"}])
    known, said = known_of(client, alias, known)
    assert said == "240 documents, which an alias filters"
    assert ("genre", "Ska") not in known.counted.values


def test_a_value_that_nobody_has_any_more_does_no_harm(client: OpenSearch, music: str) -> None:
    write(client, music, [SONG | {"id": id} for id in "abc"])
    known, _ = known_of(client, music)
    delete(client, music, "abc")
    known, _ = known_of(client, music, known)
    knowledge = Knowledge(gazetteer=gazetteer_of(known.counted, 240, MUSIC))
    query = ReadWorld(client, music, MUSIC, knowledge).read("polka winter")
    assert any(slot.value == "Polka" for slot in query.readings[0].slots)
    (plan,) = Structured("structured", {}, MUSIC, knowledge).plan(query)
    hits = client.search(index=music, body={"query": plan.clause(10, Encoded())})["hits"]["hits"]
    assert hits
    assert all("Winter" in hit["_source"]["title"] for hit in hits)


def test_other_settings_and_an_index_made_anew_are_read_whole(client: OpenSearch, music: str) -> None:
    known, _ = known_of(client, music)
    other = MUSIC.model_copy(update={"slot_fields": MUSIC.slot_fields[:1]})
    assert refreshed(client, music, other, known).said == "240 documents, other fields or settings"
    assert refreshed(client, music, MUSIC, known, again=True).said == "240 documents, asked for"
    always = MUSIC.model_copy(update={"reread_from": 0.0})
    write(client, music, [SONG])
    assert "1 of 241 documents were written or went" in refreshed(client, music, always, known).said
    client.indices.delete(index=music)
    client.indices.create(index=music, body=TWO_SHARDS)
    assert known_of(client, music, known)[1] == "0 documents, the index was made anew, or others belong to it"


def test_a_run_that_is_broken_off_loses_nothing(client: OpenSearch, music: str) -> None:
    store = CountStore(client, f"{music}_l", music, lambda: NOW)

    def reader() -> ValueReader:
        return ValueReader(client, music, MUSIC, store)

    first = reader()
    first.gazetteer({})
    first.keep()
    write(client, music, [SONG])
    broken = reader()
    broken.gazetteer({})
    again = reader()
    assert again.gazetteer({}).match(("polka",))
    assert again.said == "1 of 241 documents, written since"
    again.keep()
    last = reader()
    last.gazetteer({})
    assert last.said == "0 of 241 documents, written since"
    client.indices.refresh(index=f"{music}_l_jobs")
    assert client.count(index=f"{music}_l_jobs")["count"] == 2, "one note and one chunk: the ones before are gone"
    client.indices.delete(index=f"{music}_l_jobs")
    assert store.read() is None
