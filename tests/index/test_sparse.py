"""Learned terms on a real node: filled, replaced whole, asked, hidden from clients, and taken away again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.build_serving import ServingBuilder
from ltrr_opensearch.errors import Conflict
from ltrr_opensearch.index.backfill import Target
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.fillers import SPARSE, SparseFiller
from ltrr_opensearch.index.following import Tally
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.prepare import Fields, index_requests
from ltrr_opensearch.index.requests import perform
from ltrr_opensearch.index.sparse_mapping import missing_sparse_properties, sparse_properties
from ltrr_opensearch.index.uninstall import Uninstall
from ltrr_opensearch.index.vectors import Progress, fill
from ltrr_opensearch.index_settings import IndexSettings, SparseSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.sparse import Sparse
from ltrr_opensearch.settings import ClusterSettings, Settings, StateSettings
from ltrr_opensearch.types import Encoded, Json, SparseVector
from tests.conftest import TestNode
from tests.index.worlds import put
from tests.plan.conftest import Analyze, ask

__all__ = ["ask"]
INDEX = IndexSettings(text_fields={"title": 1}, sparse=SparseSettings(field="terms"))
NUMBERS = {"shoe": "1", "boot": "2", "red": "3", "blue": "4"}


class Words:
    """A term a word, weighing its length; whoever says boot means shoes as well."""

    def __init__(self, digest: str = "d1") -> None:
        self.digest = digest
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> list[SparseVector]:
        return [{NUMBERS[w]: float(len(w)) for w in text.split() if w in NUMBERS} for text in texts]

    def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        self.asked += texts
        return [
            {**terms, **({"1": 0.5} if "boot" in text else {})}
            for text, terms in zip(texts, self.encode(texts), strict=True)
        ]


def run_fill(client: OpenSearch, index: str, encoder: Words, folder: Path, field: str = "terms") -> tuple[Tally, bool]:
    return fill(
        client,
        f"{index}_ltrr",
        index,
        Target(field, ("title",), SparseFiller(encoder)),
        Failures(folder / "failed.jsonl"),
        Pace(None),
        Progress(start=lambda total: None, advance=lambda documents: None),
        lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def shop(client: OpenSearch, index_name: str, tmp_path: Path) -> str:
    (request,) = index_requests(client, index_name, INDEX, Fields(sparse="terms"))
    perform(client, request)
    for id, title in {"a": "red shoe", "b": "blue boot", "c": "red boot"}.items():
        put(client, index_name, id, {"title": title, "colour": title.split()[0]})
    tally, done = run_fill(client, index_name, Words(), tmp_path)
    assert (tally.written, tally.failed, done) == (3, 0, True)
    client.indices.refresh(index=index_name)
    return index_name


Found = Callable[..., list[tuple[str, float]]]


@pytest.fixture
def found(client: OpenSearch, shop: str, ask: Analyze) -> Found:
    """found(sparse vector of the query, filter) -> (id, score), best first."""
    (plan,) = Sparse("sparse", {}, INDEX, Knowledge.empty()).plan(ask("shoes", INDEX))
    assert plan.sparse

    def hits(query: SparseVector, *filters: Json) -> list[tuple[str, float]]:
        asked = {"bool": {"must": [plan.clause(10, Encoded(sparse=query))], "filter": list(filters)}}
        answer = client.search(index=shop, body={"query": asked})
        return [(hit["_id"], hit["_score"]) for hit in answer["hits"]["hits"]]

    return hits


def test_documents_get_their_terms_and_score_by_the_dot_product(client: OpenSearch, shop: str, found: Found) -> None:
    assert client.get(index=shop, id="b")["_source"]["terms"] == {"4": 4.0, "2": 4.0, "1": 0.5}
    hits = found({"1": 2.0, "3": 1.0})
    assert [id for id, _ in hits] == ["a", "c", "b"]
    assert [score for _, score in hits] == pytest.approx([2 * 4 + 3, 2 * 0.5 + 3, 2 * 0.5], rel=0.01)
    assert {id for id, _ in found({"1": 2.0}, {"match": {"title": "boot"}})} == {"b", "c"}


def test_a_second_run_writes_nothing_and_a_changed_text_loses_its_old_terms(
    client: OpenSearch, shop: str, tmp_path: Path
) -> None:
    version = client.get(index=shop, id="a")["_version"]
    again = Words()
    tally, done = run_fill(client, shop, again, tmp_path)
    assert (again.asked, tally.written, done) == ([], 0, True)
    assert client.get(index=shop, id="a")["_version"] == version
    client.update(index=shop, id="a", body={"doc": {"title": "blue shoe"}}, params={"refresh": "true"})
    run_fill(client, shop, again, tmp_path)
    source = client.get(index=shop, id="a")["_source"]
    assert (again.asked, source["terms"], source["colour"]) == (["blue shoe"], {"4": 4.0, "1": 4.0}, "red")


def test_only_the_encoder_that_filled_the_field_asks_it_and_everybody_hides_it(
    client: OpenSearch, node: TestNode, shop: str
) -> None:
    settings = Settings(
        cluster=ClusterSettings(url=node.url), state=StateSettings(prefix=f"{shop}_ltrr"), indexes={shop: INDEX}
    )

    def served(encoder: Words | None) -> tuple[set[str], tuple[str, ...]]:
        serving = ServingBuilder(settings, client, None, encoder).cold(shop)
        return {s.name for s in serving.strategies}, serving.hidden

    strategies, hidden = served(Words())
    assert "sparse" in strategies
    assert hidden == ("terms", "terms_key")
    for other in (None, Words("d2")):
        strategies, hidden = served(other)
        assert "sparse" not in strategies
        assert hidden == ("terms", "terms_key")
    fields = JobStore(client, f"{shop}_ltrr").vector_fields(shop, SPARSE)
    assert fields.name_for("d2", "terms") == "terms_d2"
    assert JobStore(client, f"{shop}_ltrr").vector_fields(shop).by_encoder == {}


def test_uninstall_takes_the_terms_out_of_the_documents(client: OpenSearch, shop: str, node: TestNode) -> None:
    put(client, shop, "bare", {"colour": "green"})
    settings = Settings(
        cluster=ClusterSettings(url=node.url), state=StateSettings(prefix=f"{shop}_ltrr"), indexes={shop: INDEX}
    )
    run = Uninstall(client, settings, shop, ubi=False)
    list(run.perform())
    sources = {id: client.get(index=shop, id=id)["_source"] for id in ("a", "bare")}
    assert sources == {"a": {"title": "red shoe", "colour": "red"}, "bare": {"colour": "green"}}
    assert client.get(index=shop, id="bare")["_version"] == 1


def test_a_field_of_another_type_is_a_conflict() -> None:
    assert missing_sparse_properties("shop", {}, "terms") == sparse_properties("terms")
    mapped = {"mappings": {"properties": sparse_properties("terms")}}
    assert missing_sparse_properties("shop", mapped, "terms") == {}
    others: list[Json] = [{"type": "keyword"}, {"properties": {}}]
    for there in others:
        with pytest.raises(Conflict, match=r"field terms has type \w+, .* set sparse\.field to another name"):
            missing_sparse_properties("shop", {"mappings": {"properties": {"terms": there}}}, "terms")


def test_learned_terms_are_asked_for_where_there_are_any_before_what_explores() -> None:
    assert [s.name for s in INDEX.strategies][-2:] == ["sparse", "fresh"]
    assert "sparse" not in [s.name for s in IndexSettings(text_fields={"title": 1}).strategies]
    own = IndexSettings.model_validate(
        {"text_fields": {"title": 1}, "sparse": {}, "strategies": [{"name": "o", "use": "original"}]}
    )
    assert [s.name for s in own.strategies] == ["o"]
