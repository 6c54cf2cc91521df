"""Named scores on a real node, beside what the LTR plugin logged for the same documents when it was recorded."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster.feature_logging import LtrPlugin, NamedScores
from ltrr_opensearch.index_settings import IndexSettings, PopularitySettings, VectorSettings
from ltrr_opensearch.rank.feature_sets import Feature, FeatureSet, derive
from tests.cluster.exchanges import exchange

VECTOR = np.array([1, 0, 0, 0], dtype=np.float32)
RED_SHOES = {"size": 5, "_source": False, "query": {"match": {"title": "running shoes"}}}


@pytest.fixture
def shop(node: Any) -> Iterator[tuple[OpenSearch, str]]:
    """The recorded shop, indexed anew."""
    client, name = OpenSearch(node.url, timeout=60), f"h6_shop_{uuid.uuid4().hex[:8]}"
    client.indices.create(index=name, body=exchange("07_create_index")[0]["body"])
    lines = exchange("08_bulk_docs")[0]["body"]
    for line in lines:
        if "index" in line:
            line["index"]["_index"] = name
    client.bulk(body="\n".join(map(json.dumps, lines)) + "\n", params={"refresh": "true"})
    yield client, name
    client.indices.delete(index=name)
    client.close()


def recorded_features() -> FeatureSet:
    """The recorded plugin set without what core OpenSearch has no query for, in our spelling."""
    spelled = []
    for f in exchange("09_create_featureset")[0]["body"]["featureset"]["features"]:
        template = f["template"]
        if f["template_language"] == "derived_expression" or f["name"] == "knn_ann":
            continue
        if isinstance(template, str):
            template = json.loads(template.replace("{{#toJson}}vector{{/toJson}}", '"{{vector}}"'))
        spelled.append(Feature(f["name"], json.loads(json.dumps(template).replace("{{keywords}}", "{{text}}"))))
    return FeatureSet("shop_v1", "1", tuple(spelled))


def test_named_scores_are_the_values_that_the_plugin_logged(shop: tuple[OpenSearch, str]) -> None:
    client, name = shop
    features = recorded_features()
    body, params = NamedScores().instrument(RED_SHOES, {}, features, "running shoes", VECTOR)
    hits = client.search(index=name, body=body, params=params)["hits"]["hits"]
    ours = {h["_id"]: NamedScores().read(h, features) for h in hits}
    for hit in exchange("29_log_rescore_missing_absent")[1]["body"]["hits"]["hits"]:
        log = {"fields": {"_ltrlog": [{"ltrr": hit["fields"]["_ltrlog"][0]["main"]}]}}
        assert ours[hit["_id"]] == LtrPlugin().read(log, features)


def test_every_derived_feature_is_logged_and_the_ranking_stays_the_same(shop: tuple[OpenSearch, str]) -> None:
    client, name = shop
    vector = VectorSettings(field="embedding", dimension=4, space_type="innerproduct")
    popularity = PopularitySettings(field="sales")
    features = derive(IndexSettings(text_fields={"title": 2, "body": 1}, popularity=popularity, vector=vector))
    query = {"match": {"body": {"query": "shoes running", "_name": "mine"}}}
    plain = client.search(index=name, body={"size": 5, "query": query})["hits"]
    body, params = NamedScores().instrument({"size": 5, "query": query}, {}, features, "running shoes", VECTOR)
    logged = client.search(index=name, body=body, params=params)["hits"]
    read = [NamedScores().read(h, features) for h in logged["hits"]]
    assert [(h["_id"], h["_score"]) for h in logged["hits"]] == [(h["_id"], h["_score"]) for h in plain["hits"]]
    assert {name for values in read for name in values} == set(features.names)


def test_a_knn_plan_logs_as_well(shop: tuple[OpenSearch, str]) -> None:
    client, name = shop
    features = derive(IndexSettings(text_fields={"title": 1}, vector=VectorSettings(field="embedding", dimension=4)))
    knn = {"size": 3, "query": {"knn": {"embedding": {"vector": VECTOR.tolist(), "k": 3}}}}
    body, params = NamedScores().instrument(knn, {}, features, "running shoes", VECTOR)
    hits = client.search(index=name, body=body, params=params)["hits"]["hits"]
    dense = [NamedScores().read(h, features)["dense"] for h in hits]
    assert dense[0] == pytest.approx(1.0), "(1 + cosine) / 2"
    assert len(dense) == 3
