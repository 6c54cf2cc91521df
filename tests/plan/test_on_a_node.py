"""The strategies' bodies and the gazetteer on a real node."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import ClusterError, DataError
from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.index_settings import IndexSettings, PopularitySettings, StrategySettings, VectorSettings
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.slot_settings import SlotField
from ltrr_opensearch.types import Encoded, EntityScore, Vector
from tests.plan.conftest import Analyze

Search = Callable[..., list[str]]

SHOP = IndexSettings(
    text_fields={"title": 2, "body": 1},
    slot_fields=("brand", "colour.keyword"),
    popularity=PopularitySettings(field="sales", pivot=10, weight=5),
    vector=VectorSettings(field="v", dimension=2),
)
KEYWORD = {"type": "text", "fields": {"keyword": {"type": "keyword"}}}
VECTOR = {
    "type": "knn_vector",
    "dimension": 2,
    "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
}
MAPPING = {
    "title": {"type": "text", "analyzer": "english"},
    "body": {"type": "text", "analyzer": "english"},
    "brand": {"type": "keyword"},
    "colour": KEYWORD,
    "sales": {"type": "integer"},
    "v": VECTOR,
}
PRODUCTS: list[dict[str, Any]] = [
    {"title": "Dell laptop", "body": "a black notebook", "brand": "Dell", "colour": "Black", "v": [1, 0]},
    {"title": "Latitude laptop", "body": "for work", "brand": "Dell", "colour": "Silver", "sales": 90, "v": [1, 0.1]},
    {"title": "Bag for Dell laptop", "body": "nylon", "brand": "Acme", "colour": "black", "v": [0, 1]},
    {"title": "Gaming laptop", "body": "fast", "brand": "Acme", "sales": 500, "v": [0.9, 0.2]},
]


@pytest.fixture
def index(client: OpenSearch, index_name: str) -> str:
    settings = {"index": {"number_of_shards": 1, "number_of_replicas": 0, "knn": True}}
    client.indices.create(index=index_name, body={"settings": settings, "mappings": {"properties": MAPPING}})
    for i, product in enumerate(PRODUCTS, 1):
        copies = [product] + [{k: product[k] for k in ("brand", "colour") if k in product}] * 9
        lines: list[Any] = []
        for n, copy in enumerate(copies):
            lines += [{"index": {"_index": index_name, "_id": str(i) if n == 0 else f"{i}-{n}"}}, copy]
        client.bulk(body=lines)
    client.indices.refresh(index=index_name)
    return index_name


@pytest.fixture
def search(client: OpenSearch, index: str, ask: Analyze) -> Search:
    """search(strategy, text, vector=..., options=...) -> ids, best first."""
    memory = Memory.from_rows([MemoryRow("work computer", (EntityScore("2", 0.9), EntityScore("4", 0.3)))])
    knowledge = Knowledge(memory=memory, gazetteer=build_gazetteer(client, index, SHOP))

    def hits(use: str, text: str, vector: Vector | None = None, options: dict[str, Any] | None = None) -> list[str]:
        chosen = StrategySettings(name="mine", use=use, options=options or {})
        (strategy,) = build_strategies(SHOP.model_copy(update={"strategies": (chosen,)}), knowledge)
        (plan,) = strategy.plan(ask(text, SHOP, knowledge))
        body = {"query": plan.clause(10, Encoded(vector)), "size": 4, "_source": False}
        return [hit["_id"] for hit in client.search(index=index, body=body)["hits"]["hits"]]

    return hits


def test_lexical_takes_the_fields_as_one_and_popularity_breaks_ties(search: Search) -> None:
    assert search("lexical", "laptop work") == ["2"]
    assert search("lexical", "laptop")[0] == "4"
    assert search("lexical", "laptop", options={"popularity": False})[0] != "4"
    for how in ("best_fields", "most_fields", "phrase"):
        assert search("lexical", "dell laptop", options={"type": how})


def test_structured_finds_the_brand_although_the_text_does_not_say_it(search: Search) -> None:
    found = search("structured", "dell laptops", options={"fall_back": False})
    assert set(found) == {"1", "2", "3"}
    assert found[0] == "1"
    assert search("structured", "dell laptops")[:3] == found
    strict = search("structured", "dell laptops", options={"filter_from": 0.5, "fall_back": False})
    assert set(strict) == {"1", "2"}
    assert search("structured", "dell typewriter", options={"fall_back": False}) == []
    assert "1" in search("structured", "dell typewriter"), "an empty result falls back"


def test_knn_and_memory(search: Search) -> None:
    assert search("knn", "portable computer", np.array([1, 0], dtype=np.float32))[0] == "1"
    assert search("q2e", "work computers") == ["2", "4"]


def test_fresh_finds_what_matches_and_was_rarely_shown_or_is_new(client: OpenSearch, index: str, ask: Analyze) -> None:
    client.update(index=index, id="2", body={"doc": {"added": "2025-12-30"}}, params={"refresh": "true"})
    knowledge = Knowledge(exposure=Exposure({"2": 9.0, "4": 8.0, "1": 1.0}))

    def found(settings: IndexSettings) -> set[str]:
        (strategy,) = build_strategies(
            settings.model_copy(update={"strategies": (StrategySettings(name="fresh", use="fresh"),)}), knowledge
        )
        (plan,) = strategy.plan(ask("laptop", settings, knowledge))
        hits = client.search(index=index, body={"query": plan.clause(10, Encoded())})["hits"]["hits"]
        return {hit["_id"] for hit in hits}

    assert found(SHOP) == {"1", "3"}
    assert found(SHOP.model_copy(update={"date_field": "added"})) == {"1", "2", "3"}


def test_the_gazetteer_counts_every_page(client: OpenSearch, index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltrr_opensearch.index.composite.PAGE", 1)
    gazetteer = build_gazetteer(client, index, SHOP)
    assert gazetteer.documents == 40
    (black,) = gazetteer.values.of("black")
    assert (black.field, black.spellings, black.count) == ("colour.keyword", ("Black", "black"), 20)


def test_the_gazetteer_believes_what_the_text_says(client: OpenSearch, index: str) -> None:
    (dell,) = build_gazetteer(client, index, SHOP).match(("dell",))
    assert dell.confidence == pytest.approx(0.95 * (1 + 2 * 20 / 22) / (2 + 2))


def test_numbers_dates_and_booleans_are_read_and_searched(client: OpenSearch, index_name: str, ask: Analyze) -> None:
    slots = ({"field": "inches", "unit": "inch"}, {"field": "price", "unit": "eur"}, "made", "wifi", "brand")
    shop = IndexSettings(text_fields={"title": 1}, slot_fields=slots)
    types = {"title": "text", "inches": "float", "price": "integer", "made": "date", "wifi": "boolean"}
    properties = {**{name: {"type": kind} for name, kind in types.items()}, "brand": {"type": "keyword"}}
    client.indices.create(index=index_name, body={"mappings": {"properties": properties}})
    documents = [
        {"title": "screen", "inches": 15.6, "price": 400, "made": "2012-05-01", "wifi": True},
        {"title": "screen", "inches": 17, "price": 600, "made": "2018-12-31", "wifi": True},
        {"title": "screen", "inches": 24, "price": 900, "made": "2020-01-01", "wifi": False},
        {"title": "screen"},
    ]
    for number, document in enumerate(documents):
        client.index(index=index_name, id=str(number), body=document, params={"refresh": "true"})
    known = Knowledge(gazetteer=build_gazetteer(client, index_name, shop))
    assert known.gazetteer.kinds == {"inches": "number", "price": "number", "made": "date", "wifi": "boolean"}
    assert known.gazetteer.numbers["price"].share(None, 600) > 0.6

    def found(text: str) -> list[str]:
        (plan,) = Structured("structured", {"fall_back": False}, shop, known).plan(ask(text, shop, known))
        hits = client.search(index=index_name, body={"query": plan.clause(10, Encoded())})["hits"]["hits"]
        return [hit["_id"] for hit in hits]

    assert found("screen under 500") == ["0", "3"], "what has no price may still be meant, behind"
    assert found("screen at least 600") == ["1", "2", "3"]
    assert found('16" screen') == ["0", "3"], "a value is met to a degree"
    assert found("screen newer than 2018") == ["2", "3"]
    assert found("screen until 2018")[:2] == ["0", "1"]
    assert found("screen without wifi") == ["2", "3"]


def test_slot_fields_that_cannot_be_read(client: OpenSearch, index: str) -> None:
    text = SHOP.model_copy(update={"slot_fields": (SlotField(field="title"),)})
    with pytest.raises(DataError, match=r"slot field 'title' .* is analysed text; name its keyword subfield"):
        build_gazetteer(client, index, text)
    with pytest.raises(ClusterError, match="no_such_index"):
        build_gazetteer(client, "no_such_index", SHOP)
