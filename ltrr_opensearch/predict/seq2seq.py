"""Predicts queries with a sequence-to-sequence model of `transformers`, for those who have one.

As docTTTTTquery does (Nogueira & Lin 2019): several queries are sampled from the document's text, among the ten
likeliest words at each step. How often one comes up is its score. The only file that imports these models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ltrr_opensearch.errors import EncoderError, MissingExtra
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.predict.predictor import Described, Prediction

TOP_K = 10
LONGEST_QUERY = 24
"""Tokens."""
BATCH = 8


class Seq2Seq:
    """A `QueryPredictor`. `model`: a folder or a hub's name; the same seed gives the same queries."""

    def __init__(self, model: str, samples: int = 10, max_tokens: int = 256, seed: int = 0) -> None:
        self._torch, self._tokenizer, self._model = _loaded(model)
        self._samples, self._max_tokens, self._seed = samples, max_tokens, seed

    def predict(self, documents: Sequence[Described]) -> list[list[Prediction]]:
        found: list[list[Prediction]] = []
        for start in range(0, len(documents), BATCH):
            found += self._of([one.text for one in documents[start : start + BATCH]])
        return found

    def _of(self, texts: list[str]) -> list[list[Prediction]]:
        read = self._tokenizer(texts, padding=True, truncation=True, max_length=self._max_tokens, return_tensors="pt")
        read.pop("token_type_ids", None)
        self._torch.manual_seed(self._seed)
        with self._torch.no_grad():
            made = self._model.generate(
                **read,
                do_sample=True,
                top_k=TOP_K,
                num_return_sequences=self._samples,
                max_new_tokens=LONGEST_QUERY,
            )
        said = [normalise(text) for text in self._tokenizer.batch_decode(made, skip_special_tokens=True)]
        return [self._counted(said[i : i + self._samples]) for i in range(0, len(said), self._samples)]

    def _counted(self, queries: list[str]) -> list[Prediction]:
        counts = Counter(query for query in queries if query)
        return [Prediction(query, count / self._samples) for query, count in counts.most_common()]


def _loaded(model: str) -> tuple[Any, Any, Any]:
    try:
        import torch
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingExtra("transformers", "encoder") from error
    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types here
    path = Path(model).expanduser()
    name = str(path) if path.exists() else model
    try:
        return torch, AutoTokenizer.from_pretrained(name), AutoModelForSeq2SeqLM.from_pretrained(name).eval()
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EncoderError(
            f"{model} is no model that makes queries from texts: {first}; give a folder or a hub's name of a "
            "sequence-to-sequence model with its tokenizer"
        ) from error
