from pathlib import Path

import numpy as np
import pytest

from ltrr_opensearch.arena.recording import Answered, Recording
from ltrr_opensearch.errors import DataError
from tests.arena.shop import QUERIES, recording


def test_hits_read_as_the_engine_reads_them() -> None:
    hits = recording().hits(QUERIES[0], "lexical")
    assert hits is not None
    assert [hit.rank for hit in hits[:3]] == [1, 2, 3]
    assert hits[0].key.id == "d30"
    assert hits[0].score > hits[1].score
    assert recording().hits(QUERIES[0], "knn") is None


def test_features_of_what_was_not_recorded_are_unknown() -> None:
    assert recording().features(QUERIES[0], "d0") == {"bm25_title": 1.0}
    assert recording().features(QUERIES[0], "d55") == {}
    assert recording().features(QUERIES[0], "elsewhere") == {}


def test_saved_and_loaded(tmp_path: Path) -> None:
    was = recording()
    was.save(tmp_path / "shop.npz")
    now = Recording.load(tmp_path / "shop.npz")
    assert now.documents == was.documents
    assert now.depth == was.depth
    for query in QUERIES:
        assert now.hits(query, "original") == was.hits(query, "original")
        assert now.features(query, "d7") == was.features(query, "d7")
        assert now.queries[query].vector is None
    assert list(tmp_path.iterdir()) == [tmp_path / "shop.npz"]


def test_some_queries_have_a_vector(tmp_path: Path) -> None:
    was = recording()
    first, second = QUERIES[:2]
    answered = was.queries[second]
    vector = np.array([0.6, 0.8], dtype=np.float32)
    queries = {
        first: was.queries[first],
        second: Answered(second, answered.lists, answered.featured, answered.features, vector),
    }
    Recording("shop", 20, was.documents, was.feature_names, queries).save(tmp_path / "shop.npz")
    now = Recording.load(tmp_path / "shop.npz")
    assert now.queries[first].vector is None
    assert now.queries[second].vector == pytest.approx(vector)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut off"])
def test_what_is_no_recording_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.npz"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"odd\.npz is no recording"):
        Recording.load(file)
