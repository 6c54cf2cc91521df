from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from opensearchpy import OpenSearch

from ltrr_opensearch.index.backfill import key_field
from ltrr_opensearch.index_settings import IndexSettings, VectorSettings
from ltrr_opensearch.learn.predicted import Catalogue
from ltrr_opensearch.types import Vector
from ltrr_opensearch.understand.embedding_cache import embedding_key


class Ones:
    dimension, digest = 2, "ones"

    def encode(self, texts: Sequence[str]) -> Vector:
        return np.ones((len(texts), 2), np.float32)


def catalogue(**vector: object) -> Catalogue:
    index = IndexSettings(
        text_fields={"about": 1, "title": 3},
        slot_fields=("brand.keyword",),
        object_id_field="sku",
        vector=VectorSettings.model_validate({"field": "v", "dimension": 2, **vector}),
    )
    return Catalogue(OpenSearch(), "shop", index, Ones())


def test_documents_are_named_as_events_name_them_their_title_first() -> None:
    (one,) = catalogue().described([("1", {"sku": "s1", "title": "Hat", "about": "warm", "brand": ["A", "B"]})])
    assert (one.id, one.text) == ("s1", "warm Hat")
    assert list(one.values.items()) == [("title", ("Hat",)), ("about", ("warm",)), ("brand.keyword", ("A", "B"))]
    assert catalogue().described([("1", {"sku": "s1"})]) == [], "nothing to go by"


def test_a_stored_vector_of_another_text_or_encoder_is_not_taken() -> None:
    stored = {"title": "Hat", "about": "warm", "v": [3.0, 4.0]}
    ours = {key_field("v"): embedding_key("ones", "warm Hat")}
    others = {key_field("v"): embedding_key("other", "warm Hat")}
    sources = [("1", {**stored, **ours}), ("2", {**stored, **others}), ("3", stored)]
    vectors = [one.vector for one in catalogue().described(sources)]
    assert np.allclose(vectors, [[0.6, 0.8], *[[0.5**0.5] * 2] * 2])
    (theirs,) = catalogue(backfill=False).described([("3", stored)])
    assert np.allclose(theirs.vector, [0.6, 0.8])
