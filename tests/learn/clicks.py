"""Simulated searches with a known truth: documents with features, people who examine from the top and click."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from ltrr_opensearch.index_settings import IndexSettings, VectorSettings
from ltrr_opensearch.logged import CandidateRecord, Decision, Round
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.types import Asker, DocKey, Features, Found

INDEX = IndexSettings(text_fields={"title": 1}, vector=VectorSettings())
NAMES = feature_names(INDEX)
START = datetime(2026, 3, 2, tzinfo=UTC)
EXAMINED = 1 / np.arange(1, 31)
"""Examination falls as 1 / position."""


def decision(query: str, number: int, ids: list[str], features: Mapping[str, Features], shown: int) -> Decision:
    candidates = tuple(
        CandidateRecord(DocKey("shop", id_), (Found("lexical", rank, 1.0),), features.get(id_))
        for rank, id_ in enumerate(ids, 1)
    )
    return Decision(
        query_id=f"{query}-{number}", at=START + timedelta(seconds=number), index="shop", text=query, normalized=query,
        language="en", asker=Asker(), phase="", policy="fixed", ranker="fused", release="r", context={}, ladder=(0, 10),
        slots=(), candidates=candidates, offset=0, shown=shown, total=len(ids), took_ms=1.0,
    )  # fmt: skip


def searches(
    queries: int, each: int, *, shown: int = 10, remembered: bool = False, seed: int = 0
) -> tuple[list[Round], dict[tuple[str, str], float]]:
    """Rounds, and the attractiveness of every (query, document).

    A document is the more attractive the larger its `bm25_title` and `dense`; it is shown in the order of a noisy
    `plans.fused`. With `remembered`, `memory.score` tells the attractiveness itself.
    """
    rng = np.random.default_rng(seed)
    rounds: list[Round] = []
    truth: dict[tuple[str, str], float] = {}
    for q in range(queries):
        query, ids = f"q{q}", [f"d{i}" for i in range(20)]
        bm25, dense = rng.gamma(2, 2, 20), rng.random(20)
        attractive = 0.9 / (1 + np.exp(-(bm25 + 6 * dense - 9)))
        truth |= {(query, id_): float(a) for id_, a in zip(ids, attractive, strict=True)}
        for number in range(each):
            fused = bm25 / 10 + rng.normal(0, 0.3, 20)
            order = np.argsort(-fused)
            features: dict[str, Features] = {}
            for i in order:
                features[ids[i]] = {"bm25_title": bm25[i], "dense": dense[i], "plans.fused": float(fused[i])}
                if remembered:
                    features[ids[i]] = {**features[ids[i]], "memory.score": float(attractive[i])}
            clicked = rng.random(shown) < EXAMINED[:shown] * attractive[order[:shown]]
            gains = {ids[i]: 0.5 for i, c in zip(order[:shown], clicked, strict=True) if c}
            rounds.append(Round(decision(query, number, [ids[i] for i in order], features, shown), gains))
    return rounds, truth
