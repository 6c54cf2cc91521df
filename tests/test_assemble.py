"""What is served when the cluster does not answer at the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.build_serving import ServingBuilder
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.index_settings import IndexSettings, VectorSettings
from ltrr_opensearch.settings import ClusterSettings, Settings, StateSettings
from ltrr_opensearch.types import Vector

AWAY = ClusterSettings(url="http://127.0.0.1:1")


def test_what_could_not_be_asked_at_the_start_is_asked_again(client: OpenSearch, node: Any, index_name: str) -> None:
    client.indices.create(index=index_name, body={"mappings": {"properties": {"sku": {"type": "keyword"}}}})
    client.index(index=index_name, id="1", body={"sku": "1"}, params={"refresh": "true"})
    index = IndexSettings(text_fields={"title": 1.0}, id_field="sku")
    builder = ServingBuilder(Settings(cluster=AWAY, indexes={index_name: index}), connect(AWAY), None)
    assert builder.cold(index_name).index.id_field is None
    builder.again()
    assert builder.cold(index_name).index.id_field is None
    builder._client = client
    builder.again()
    found = builder.cold(index_name)
    assert found.index.id_field == "sku"
    builder.again()
    assert builder.cold(index_name) is found
    client.indices.delete(index=index_name)


def test_an_answer_that_cannot_be_used_ends_no_asking(
    client: OpenSearch, index_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = IndexSettings(text_fields={"title": 1.0}, id_field="sku")
    builder = ServingBuilder(Settings(cluster=AWAY, indexes={index_name: index}), connect(AWAY), None)
    found = builder.cold(index_name)
    with monkeypatch.context() as patched:
        patched.setattr(builder._client, "search", lambda **_: {"error": "none that OpenSearch gives"})
        builder.again()
    assert builder.cold(index_name) is found
    client.indices.create(index=index_name)
    builder._client = client
    builder.again()
    assert builder.cold(index_name).index.id_field == "sku"
    client.indices.delete(index=index_name)


def test_a_refusal_stands(client: OpenSearch, node: Any, index_name: str) -> None:
    index = IndexSettings(text_fields={"title": 1.0}, id_field="sku")
    settings = Settings(cluster=ClusterSettings(url=node.url), indexes={index_name: index})
    builder = ServingBuilder(settings, client, None)
    found = builder.cold(index_name)
    assert found.index.id_field is None
    builder.again()
    assert builder.cold(index_name) is found


class Two:
    """An encoder of two dimensions, which is not asked for any vector here."""

    dimension, digest = 2, "two"

    def encode(self, texts: Sequence[str]) -> Vector:
        raise AssertionError("nothing is encoded here")


@pytest.mark.parametrize("encoder", [Two(), None], ids=["encoder", "no encoder"])
@pytest.mark.parametrize("away", [True, False])
def test_our_vector_and_its_key_are_hidden(
    client: OpenSearch, node: Any, index_name: str, away: bool, encoder: Two | None
) -> None:
    cluster = AWAY if away else ClusterSettings(url=node.url)
    index = IndexSettings(text_fields={"title": 1.0}, vector=VectorSettings(dimension=2))
    state = StateSettings(prefix=index_name)
    settings = Settings(cluster=cluster, state=state, indexes={index_name: index})
    with connect(cluster) as connected:
        found = ServingBuilder(settings, connected, encoder).cold(index_name)
    assert found.hidden == ("ltrr_embedding", "ltrr_embedding_key")
