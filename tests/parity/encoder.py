"""An encoder whose neighbours are known: a vector is the sum of its words' directions, and synonyms share one.

Installed for the proxy's process as a plugin (`world.py`), so that it is loaded as any user's encoder would be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from ltrr_opensearch.settings import EncoderSettings
from ltrr_opensearch.types import Vector

DIMENSION = 16
SYNONYMS = {"trainers": "shoes", "sneakers": "shoes", "crimson": "red", "notebook": "laptop", "rucksack": "bag"}


class WordEncoder:
    dimension = DIMENSION
    digest = "words"

    def encode(self, texts: Sequence[str]) -> Vector:
        rows = np.stack([sum((_direction(w) for w in t.lower().split()), np.full(DIMENSION, 1e-3)) for t in texts])
        unit: Vector = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return unit


def load(_settings: EncoderSettings) -> WordEncoder:
    return WordEncoder()


def _direction(word: str) -> Vector:
    known = SYNONYMS.get(word, word)
    seed = int.from_bytes(hashlib.sha256(known.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
