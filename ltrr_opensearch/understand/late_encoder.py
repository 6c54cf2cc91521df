"""An encoder that is loaded after the process answers: loading takes seconds, and health must be told meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ltrr_opensearch.errors import EncoderError
from ltrr_opensearch.protocols import Encoder, SparseEncoder
from ltrr_opensearch.types import SparseVector, Vector

FIRST = "the first encoding is slow: let it be ours"
TOO_EARLY = "the encoder was asked before it was loaded; wait until the proxy is ready"


class LateEncoder:
    """`load` gives the real one; nothing may be asked of this one before `warm`."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._load = load
        self._encoder: Encoder | None = None
        self.dimension = 0
        self.digest = ""

    def warm(self) -> None:
        """Loads it and encodes once, because the first time is slow. Blocking."""
        encoder = self._load()
        encoder.encode([FIRST])
        self._encoder, self.dimension, self.digest = encoder, encoder.dimension, encoder.digest

    def encode(self, texts: Sequence[str]) -> Vector:
        if self._encoder is None:
            raise EncoderError(TOO_EARLY)
        return self._encoder.encode(texts)


class LateSparseEncoder:
    """The same of a `SparseEncoder`."""

    def __init__(self, load: Callable[[], SparseEncoder]) -> None:
        self._load = load
        self._encoder: SparseEncoder | None = None
        self.digest = ""

    def warm(self) -> None:
        encoder = self._load()
        encoder.encode([FIRST])
        self._encoder, self.digest = encoder, encoder.digest

    def encode(self, texts: Sequence[str]) -> list[SparseVector]:
        return self._loaded().encode(texts)

    def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        return self._loaded().encode_documents(texts)

    def _loaded(self) -> SparseEncoder:
        if self._encoder is None:
            raise EncoderError(TOO_EARLY)
        return self._encoder
