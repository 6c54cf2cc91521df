"""How many documents hold each word, counted over a sample of the index: how telling the words of a query are.

Immutable; made by set-up. What a query's words promise before anything is asked are pre-retrieval predictors of its
performance (He and Ounis, SPIRE 2004; Hauff, Hiemstra and de Jong, CIKM 2008).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import log

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.packed import pack, unpack
from ltrr_opensearch.normalise import fold

_MAGIC = b"LTRRTRM1"
MOST = 200_000
"""Words kept, the commonest first; about 2 MB. A word beyond them is as rare as one that the sample lacks."""


@dataclass(frozen=True, slots=True)
class Terms:
    counts: Mapping[str, int] = field(default_factory=dict)
    """Folded word -> documents of the sample that hold it."""
    documents: int = 0
    """Documents in the sample."""

    @classmethod
    def counted(cls, documents: Iterable[Iterable[str]]) -> Terms:
        """Of documents given as their tokens."""
        counts: dict[str, int] = {}
        total = 0
        for tokens in documents:
            total += 1
            for word in {fold(token) for token in tokens}:
                counts[word] = counts.get(word, 0) + 1
        kept = sorted(counts, key=lambda word: (-counts[word], word))[:MOST]
        return cls({word: counts[word] for word in kept}, total)

    def known(self, token: str) -> bool:
        return fold(token) in self.counts

    def idf(self, token: str) -> float:
        """ln(1 + documents / (1 + documents that hold it))."""
        return log(1 + self.documents / (1 + self.counts.get(fold(token), 0)))

    def to_bytes(self) -> bytes:
        """The same counts give the same bytes."""
        return pack(_MAGIC, {"documents": self.documents, "counts": dict(sorted(self.counts.items()))})

    @classmethod
    def from_bytes(cls, data: bytes) -> Terms:
        head, _ = unpack(_MAGIC, data)
        try:
            return cls({str(word): int(count) for word, count in head["counts"].items()}, int(head["documents"]))
        except (AttributeError, KeyError, TypeError, ValueError) as e:
            raise ModelError(f"terms are damaged ({e!r}); publish them again with: ltrr setup") from e
