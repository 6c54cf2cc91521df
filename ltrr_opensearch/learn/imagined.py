"""Queries that somebody might ask for a document, imagined from its own words: lessons where no log is at hand.

Half are a few words of its title in their order, as people who know a thing name it; half are values of its slots, as
people name a kind of thing. Queries that people really asked, where they are known, are drawn as often as both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.learn.sparse_encoder import Example

MOST_WORDS = 4
MOST_SLOTS = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """A document: all that is encoded of it, the words of its title, and the values of its slots."""

    text: str
    title: tuple[str, ...]
    slots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imagined:
    """`asked`: real queries, each with the texts of documents that were good for it."""

    documents: Sequence[Shown]
    asked: Sequence[tuple[str, Sequence[str]]] = ()

    def draw(self, rng: np.random.Generator) -> Example:
        if self.asked and rng.random() < 0.5:
            query, good = self.asked[int(rng.integers(len(self.asked)))]
            return Example(query, good[int(rng.integers(len(good)))])
        document = self.documents[int(rng.integers(len(self.documents)))]
        if document.slots and (not document.title or rng.random() < 0.5):
            return Example(" ".join(_some(document.slots, MOST_SLOTS, rng)), document.text)
        return Example(" ".join(_some(document.title, MOST_WORDS, rng)), document.text)


def found_first(near: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> float:
    """Mean reciprocal rank of the own document, where row and column of one number belong together."""
    own = np.diagonal(near)[:, None]
    ranks = 1 + (near > own).sum(axis=1) + ((near == own).sum(axis=1) - 1) / 2
    return float(np.mean(1 / ranks))


def shown(fields: Mapping[str, Sequence[object]], text: str, title: str, slots: Sequence[str]) -> Shown | None:
    """From the values of a document's fields; None where it says nothing."""
    words = tuple(" ".join(str(v) for v in fields.get(title, ())).split()) or tuple(text.split())
    values = tuple(str(v) for name in slots for v in fields.get(name, ()))
    return Shown(text, words, values) if text else None


def _some(things: Sequence[str], most: int, rng: np.random.Generator) -> list[str]:
    count = min(int(rng.integers(1, most + 1)), len(things))
    return [things[i] for i in sorted(rng.choice(len(things), count, replace=False))]
