"""Pairs of a query and a document's text to scores, with a cross-encoder of sentence-transformers, on the CPU.

A cross-encoder reads both texts together, so nothing can be computed before the query is known: it sees more than an
encoder of single texts and costs a pass through the model for each document.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from ltrr_opensearch.errors import EncoderError, MissingExtra
from ltrr_opensearch.stage_settings import SecondStageSettings

Pair = tuple[str, str]
"""A query, and what a document says."""


class PairScorer(Protocol):
    def score(self, pairs: Sequence[Pair]) -> list[float]:
        """One a pair, higher is better; only their order means anything. Blocking."""
        ...


class CrossEncoderScorer:
    def __init__(self, settings: SecondStageSettings) -> None:
        """Loads the model. Blocking, seconds."""
        try:
            from sentence_transformers import CrossEncoder
            from transformers.utils.logging import disable_progress_bar
        except ImportError as error:
            raise MissingExtra("sentence-transformers", "encoder") from error
        disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types here
        model = settings.model
        if model.startswith((".", "/", "~")):
            model = str(Path(model).expanduser())
            if not (Path(model) / "config.json").is_file():
                raise EncoderError(f"second_stage.model {model} is not a folder with a cross-encoder (no config.json)")
        try:
            self._model = CrossEncoder(model, num_labels=1, device="cpu", max_length=settings.max_tokens)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise EncoderError(f"second_stage.model {settings.model} cannot be loaded: {first}") from error
        self._batch_size = settings.depth

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        if not pairs:
            return []
        scores = self._model.predict(list(pairs), batch_size=self._batch_size, show_progress_bar=False)
        return [float(score) for score in np.asarray(scores, dtype=np.float64).reshape(-1)]


class LatePairs:
    """A scorer that is loaded after the process answers; until then the first stage's order stands."""

    def __init__(self, settings: SecondStageSettings) -> None:
        self._settings = settings
        self._scorer: CrossEncoderScorer | None = None

    def warm(self) -> None:
        """Loads it and scores once, because the first time is slow. Blocking."""
        scorer = CrossEncoderScorer(self._settings)
        scorer.score([("the first pair", "is slow: let it be ours")])
        self._scorer = scorer

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        if self._scorer is None:
            raise EncoderError("the cross-encoder was asked before it was loaded; wait until the proxy is ready")
        return self._scorer.score(pairs)
