"""Line 4: re-scoring a long list in the proxy, features in hand; in processor time, whatever else the machine does."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ltrr_opensearch.bench.figures import Figure, timing
from ltrr_opensearch.bench.ranking_unseen import Unions
from ltrr_opensearch.learn.ranker import MANY, PARAMETERS
from ltrr_opensearch.rank.trees import TreeRanker, from_lightgbm

CANDIDATES, TREES, REPEATS, QUICK_REPEATS = 300, 100, 2000, 300
WITHIN_MS = 2.0


def measure(quick: bool, unions: Unions) -> list[Figure]:
    """Trees of the larger kind (`learn.ranker.MANY`), on rows of real unions."""
    ranker, repeats = _grown(unions), QUICK_REPEATS if quick else REPEATS
    rows = np.resize(unions.data.rows, (CANDIDATES, len(unions.data.names)))
    times = []
    for _ in range(repeats):
        started = time.thread_time()
        ranker.score(rows)
        times.append((time.thread_time() - started) * 1000)
    leaves = max(len(t.leaf) for t in ranker.trees)
    size = f"{CANDIDATES} candidates, {len(ranker.trees)} trees of {leaves} leaves, {len(ranker.features)} columns"
    made = f"{size}; processor time"
    return [replace(timing("rescoring", times), target=WITHIN_MS, made_with=made)]


def _grown(unions: Unions) -> TreeRanker:
    import lightgbm

    data = unions.data
    train = lightgbm.Dataset(data.rows, np.rint(data.grades), group=data.sizes)
    return from_lightgbm([lightgbm.train({**PARAMETERS, **MANY}, train, TREES).dump_model()], data.names)
