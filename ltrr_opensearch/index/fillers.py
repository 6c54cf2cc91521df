"""What a field of documents is filled with from their text: embeddings, or learned sparse vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ltrr_opensearch.protocols import Encoder, SparseEncoder

DENSE, SPARSE = "vectors", "sparse"


class Filler(Protocol):
    @property
    def kind(self) -> str:
        """`DENSE` or `SPARSE`: under which the fields that were filled are remembered."""
        ...

    @property
    def digest(self) -> str:
        """Names whatever determines the values."""
        ...

    def values(self, texts: Sequence[str]) -> list[Any]:
        """What is stored for each text, as JSON."""
        ...


class DenseFiller:
    """Embeddings, to seven decimals."""

    kind = DENSE

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.digest = encoder.digest

    def values(self, texts: Sequence[str]) -> list[Any]:
        rows: list[Any] = np.round(self._encoder.encode(texts).astype(np.float64), 7).tolist()
        return rows


class SparseFiller:
    kind = SPARSE

    def __init__(self, encoder: SparseEncoder) -> None:
        self._encoder = encoder
        self.digest = encoder.digest

    def values(self, texts: Sequence[str]) -> list[Any]:
        return [dict(terms) for terms in self._encoder.encode_documents(texts)]
