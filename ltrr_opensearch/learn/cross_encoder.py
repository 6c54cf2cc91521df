"""Teaches a cross-encoder to order documents for a query, from graded judgments.

The loss is listwise: for each query the model's scores, as a distribution over some of its documents, should be that of
their grades (ListNet's top-one form, Cao et al., ICML 2007). Documents that nobody judged count as grade 0: what a
second stage is given is mostly such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import EncoderError, MissingExtra

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

T = TypeVar("T")
WARM_UP = 0.1
"""Share of the steps in which the rate grows to its height; afterwards it falls to 0."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A query with documents' texts, as a second stage would read them, and how good each is."""

    query: str
    texts: tuple[str, ...]
    grades: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Lessons:
    """`documents`: at once, for one query. `max_tokens`: query and document together are cut to this."""

    epochs: int = 2
    documents: int = 12
    rate: float = 5e-5
    max_tokens: int = 96
    seed: int = 0


def teach(base: str, graded: Sequence[Graded], lessons: Lessons, learned: Callable[[int], None]) -> CrossEncoder:
    """A model of one score, from the weights of `base` (a folder or a hub's name). `learned` is told queries done."""
    torch, model = _loaded(base, lessons)
    network: Any = model.model
    usable = [one for one in graded if len(set(one.grades)) > 1]
    rng = np.random.default_rng(lessons.seed)
    batches = [batch for _ in range(lessons.epochs) for batch in _epoch(usable, lessons.documents, rng)]
    optimizer = torch.optim.AdamW(network.parameters(), lr=lessons.rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _share(step, len(batches)))
    network.train()
    for one, rows in batches:
        pairs = [(one.query, one.texts[row]) for row in rows]
        told = model.tokenizer(
            pairs, padding=True, truncation="only_second", max_length=lessons.max_tokens, return_tensors="pt"
        )
        scores = network(**told).logits.reshape(-1)
        wanted = torch.tensor([one.grades[row] for row in rows])
        loss = torch.nn.functional.cross_entropy(scores[None], torch.softmax(wanted, 0)[None])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        learned(1)
    network.eval()
    return model


def held_out(graded: Sequence[T], share: float, seed: int) -> tuple[list[T], list[T]]:
    """(to learn from, to judge by): whole queries, chosen by chance."""
    order = np.random.default_rng(seed).permutation(len(graded))
    apart = set(order[: round(share * len(graded))].tolist())
    return [one for i, one in enumerate(graded) if i not in apart], [one for i, one in enumerate(graded) if i in apart]


def _loaded(base: str, lessons: Lessons) -> tuple[Any, CrossEncoder]:
    try:
        import torch
        from sentence_transformers import CrossEncoder
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingExtra("sentence-transformers", "encoder") from error
    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types here
    torch.manual_seed(lessons.seed)
    path = Path(base).expanduser()
    try:
        model = CrossEncoder(
            str(path) if path.exists() else base, num_labels=1, device="cpu", max_length=lessons.max_tokens
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EncoderError(f"{base} is nothing to begin a cross-encoder with: {first}") from error
    return torch, model


def _epoch(
    graded: Sequence[Graded], documents: int, rng: np.random.Generator
) -> Iterator[tuple[Graded, NDArray[np.intp]]]:
    """Every query as often as its documents fill lists of so many, in an order by chance."""
    lists = [
        (one, rows)
        for one in graded
        for rows in np.array_split(rng.permutation(len(one.texts)), -(-len(one.texts) // documents))
        if len({one.grades[row] for row in rows}) > 1
    ]
    yield from (lists[i] for i in rng.permutation(len(lists)))


def _share(step: int, steps: int) -> float:
    warm = max(1, round(WARM_UP * steps))
    return (step + 1) / warm if step < warm else (steps - step) / max(1, steps - warm)
