"""Other versions of a query's words, in which what the catalogue does not know is replaced by what it does.

Neighbouring words are tried as one ("note book"), an unknown word as two ("soundblaster") and in other forms, and only
what stays unknown as mistyped. Each replacement costs belief: the word may be new, or mean something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ltrr_opensearch.knowledge.inflection import forms
from ltrr_opensearch.knowledge.known_words import KnownWords

JOINED = 0.95
INFLECTED = 0.9
MISTYPED = (1.0, 0.85, 0.7)
"""By the number of edits. That a word of no document is one of ours with a slip is likelier than that it is new: 10 to
15 % of all queries have one (Cucerzan and Brill, EMNLP 2004).
"""
MOST_VERSIONS = 4
_LEAST_PART = 2
_LONGEST = 40
"""Letters of a word that is looked into: every place to split it costs."""
_MOST_UNKNOWN = 5
"""Unknown words of a query that are looked into; a query of more is in a language that the catalogue does not speak."""


@dataclass(frozen=True, slots=True)
class Version:
    """Words, each with the tokens that it stands for and what it costs; None where it is as it was asked."""

    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    beliefs: tuple[float | None, ...]

    def belief(self, start: int, end: int) -> float | None:
        """Of a stretch of words; None for one that was asked so and matched as such, and for a part of a token."""
        if not self.replaced:
            return 1.0
        if self._cuts(start) or self._cuts(end):
            return None
        costs = [b for b in self.beliefs[start:end] if b is not None]
        return None if not costs else min(1.0, _product(costs))

    def starts(self, longest: int) -> Sequence[int]:
        """Where a stretch of at most so many words may begin that holds a replaced one; all where none was replaced."""
        places = [i for i, belief in enumerate(self.beliefs) if belief is not None]
        if not places:
            return range(len(self.words))
        return sorted({start for i in places for start in range(max(0, i - longest + 1), i + 1)})

    def tokens(self, start: int, end: int) -> tuple[int, int]:
        return self.spans[start][0], self.spans[end - 1][1]

    def _cuts(self, at: int) -> bool:
        return 0 < at < len(self.spans) and self.spans[at - 1] == self.spans[at]

    @property
    def replaced(self) -> bool:
        return any(b is not None for b in self.beliefs)


def versions(words: Sequence[str], known: KnownWords, language: str) -> Iterator[Version]:
    """The words as they are first."""
    spans = tuple((i, i + 1) for i in range(len(words)))
    yield Version(tuple(words), spans, (None,) * len(words))
    yield from _joined(words, spans, known)
    unknown = [i for i, w in enumerate(words) if len(w) <= _LONGEST and w not in known][:_MOST_UNKNOWN]
    others = {i: list(_others(words[i], known, language)) for i in unknown}
    for rank in range(min(MOST_VERSIONS, max(map(len, others.values()), default=0))):
        yield _replaced(words, spans, {i: o[rank] for i, o in others.items() if rank < len(o)})


def _joined(words: Sequence[str], spans: Sequence[tuple[int, int]], known: KnownWords) -> Iterator[Version]:
    for i in range(len(words) - 1):
        both = words[i] + words[i + 1]
        if known.in_values(both):
            yield Version(
                (*words[:i], both, *words[i + 2 :]),
                (*spans[:i], (i, i + 2), *spans[i + 2 :]),
                (*(None,) * i, JOINED, *(None,) * (len(words) - i - 2)),
            )


def _replaced(
    words: Sequence[str], spans: Sequence[tuple[int, int]], by: dict[int, tuple[tuple[str, ...], float]]
) -> Version:
    rows = [
        (other, spans[i], belief)
        for i, word in enumerate(words)
        for others, belief in [by.get(i, ((word,), None))]
        for other in others
    ]
    new, where, beliefs = zip(*rows, strict=True)
    return Version(new, where, beliefs)


def _others(word: str, known: KnownWords, language: str) -> Iterator[tuple[tuple[str, ...], float]]:
    """What an unknown word may be, the likelier first."""
    inflected = [f for f in forms(word, language) if f in known and known.in_values(f)]
    if inflected:
        yield (max(inflected, key=known.in_values),), INFLECTED
    for i in range(_LEAST_PART, len(word) - _LEAST_PART + 1):
        if word[:i] in known and known.in_values(word[i:]) and known.in_values(word[:i]):
            yield (word[:i], word[i:]), JOINED
    near = known.near(word) if not inflected else []
    total = sum(n.count for n in near)
    for n in near:
        yield (n.word,), MISTYPED[n.edits] * n.count / total


def _product(numbers: Sequence[float]) -> float:
    result = 1.0
    for number in numbers:
        result *= number
    return result
