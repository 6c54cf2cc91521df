import numpy as np

from ltrr_opensearch.knowledge.nearest import WORTHWHILE, Nearest


def test_the_shortlist_keeps_the_nearest_of_clustered_vectors() -> None:
    rng = np.random.default_rng(0)
    topics = rng.normal(size=(300, 96))
    rows = np.repeat(topics, 10, axis=0) + 0.3 * rng.normal(size=(3000, 96))
    matrix = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    assert len(matrix) > WORTHWHILE
    nearest = Nearest(matrix)
    for i in range(0, 3000, 100):
        cosines = matrix @ matrix[i]
        found = dict(nearest.at_least(matrix[i], 0.6))
        assert set(np.flatnonzero(cosines >= 0.6)) == set(found)
        assert all(abs(found[r] - cosines[r]) < 1e-5 for r in found)
