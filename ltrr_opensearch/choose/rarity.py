"""What the words of a query promise before anything is asked: context features from the index's word counts."""

from __future__ import annotations

from collections.abc import Sequence

from ltrr_opensearch.knowledge.terms import Terms
from ltrr_opensearch.types import Features


def rarity(tokens: Sequence[str], terms: Terms) -> Features:
    """Nothing before set-up has counted the index's words."""
    if not terms.documents or not tokens:
        return {}
    idfs = [terms.idf(token) for token in tokens]
    return {
        "idf_largest": max(idfs) / 10,
        "idf_smallest": min(idfs) / 10,
        "idf_mean": sum(idfs) / len(idfs) / 10,
        "unknown_tokens": sum(not terms.known(token) for token in tokens) / len(tokens),
    }
