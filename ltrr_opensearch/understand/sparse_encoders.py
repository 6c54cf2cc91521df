"""Texts to learned sparse vectors with sentence-transformers' `SparseEncoder` (SPLADE and its kin), on the CPU.

A model whose queries are looked up in a table (inference-free: `SparseStaticEmbedding` behind a `Router`) and one that
runs a network for them too are the same to us. Terms are numbers of the vocabulary, as text: a token may hold a dot,
which a field's name must not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_opensearch.errors import EncoderError, MissingExtra
from ltrr_opensearch.settings import SparseEncoderSettings
from ltrr_opensearch.types import SparseVector

if TYPE_CHECKING:
    from sentence_transformers import SparseEncoder

LEAST_WEIGHT = 1e-4
"""A `rank_features` field takes no smaller one with all its digits; such a term moves no order."""


def load_sparse_encoder(settings: SparseEncoderSettings) -> SpladeEncoder:
    """The configured model. Blocking, seconds."""
    if settings.model is None:
        raise EncoderError("no sparse encoder is configured; set sparse_encoder.model to a name or a folder")
    return SpladeEncoder(_load(settings.model), settings)


class SpladeEncoder:
    """A `SparseEncoder`. `digest` covers weights and whatever cuts, so equal digests mean equal vectors."""

    def __init__(self, model: SparseEncoder, settings: SparseEncoderSettings) -> None:
        self._model = model
        self._settings = settings
        self._model.max_seq_length = min(settings.max_tokens, self._model.max_seq_length or settings.max_tokens)
        self.digest = _digest(model, settings)

    def encode(self, texts: Sequence[str]) -> list[SparseVector]:
        """Queries."""
        return self._encoded(self._model.encode_query, texts, self._settings.query_terms)

    def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        return self._encoded(self._model.encode_document, texts, self._settings.document_terms)

    def _encoded(self, encode: Any, texts: Sequence[str], most: int) -> list[SparseVector]:
        if not texts:
            return []
        rows = encode(
            list(texts),
            batch_size=self._settings.batch_size,
            show_progress_bar=False,
            convert_to_tensor=False,
            convert_to_sparse_tensor=False,
            max_active_dims=most,
        )
        return [_terms(np.asarray(row)) for row in rows]


def _terms(row: np.ndarray[Any, np.dtype[np.float32]]) -> SparseVector:
    """Heaviest first."""
    there = np.flatnonzero(row > LEAST_WEIGHT)
    order = there[np.argsort(-row[there], kind="stable")]
    return {str(term): round(float(row[term]), 4) for term in order}


def _load(model: str) -> SparseEncoder:
    try:
        from sentence_transformers import SparseEncoder
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingExtra("sentence-transformers", "encoder") from error
    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types here
    folder = Path(model).expanduser()
    if model.startswith((".", "/", "~")) and not (folder / "modules.json").is_file():
        raise EncoderError(
            f"sparse_encoder.model {model} is not a folder with a sparse encoder (no modules.json); "
            "`ltrr sparse-encoder` makes one"
        )
    try:
        return SparseEncoder(str(folder) if folder.is_dir() else model, device="cpu")
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EncoderError(f"sparse_encoder.model {model} cannot be loaded: {first}") from error


def _digest(model: SparseEncoder, settings: SparseEncoderSettings) -> str:
    """sha256 of what determines a document's vector, as 16 hexadecimal digits."""
    seen = hashlib.sha256(f"{model.max_seq_length}\n{settings.document_terms}".encode())
    for name, tensor in sorted(model.state_dict().items()):
        seen.update(name.encode())
        seen.update(np.ascontiguousarray(tensor.detach().numpy()).data)
    return seen.hexdigest()[:16]
