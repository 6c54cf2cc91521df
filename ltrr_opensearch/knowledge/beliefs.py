"""How likely words are meant as a value of a field, from counts of the index and from how documents use the words.

Of the documents whose text says the words, how many have the value, of those that have one in the field? "Dell" is
mostly said by documents of that brand; "desk" mostly by documents that are not mounted on one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

DOUBT = 2.0
"""Documents' worth of doubt that a word is no slot at all: a value seen in two documents is believed by half."""
SUREST = 0.98
"""What the fields that know some words claim of them together, at most."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """How a sample of documents uses the words of values in its text."""

    told: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(field, key) -> documents whose text says the words and that have any value in the field. What lacks one tells
    nothing: tags are missing more often than not.
    """
    meant: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(field, key) -> of these, the ones that have the value."""
    words: Mapping[str, int] = field(default_factory=dict)
    """Word -> documents whose text says it, whether or not it belongs to a value."""
    beside: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(word, field) -> of these, the ones that have any value in the field."""
    filled: Mapping[str, int] = field(default_factory=dict)
    """Field -> documents that have any value in it."""
    documents: int = 0
    """In the sample."""

    def plus(self, other: Mentions) -> Mentions:
        """Of both samples together."""
        return Mentions(
            Counter(self.told) + Counter(other.told),
            Counter(self.meant) + Counter(other.meant),
            Counter(self.words) + Counter(other.words),
            Counter(self.beside) + Counter(other.beside),
            Counter(self.filled) + Counter(other.filled),
            self.documents + other.documents,
        )


def repeats(rows: Iterable[tuple[str, str, int]]) -> dict[str, float]:
    """Per field, 1 - distinct values / documents: 0 for an identifier, whose values nobody asks for as slots."""
    totals: dict[str, list[int]] = {}
    for name, _, count in rows:
        seen = totals.setdefault(name, [0, 0])
        seen[0] += 1
        seen[1] += count
    return {name: 1 - values / max(documents, 1) for name, (values, documents) in totals.items()}


def confidences(
    key: str, counts: Mapping[str, int], repeating: Mapping[str, float], mentions: Mentions
) -> dict[str, float]:
    """Per field, how likely the words mean its value.

    That they mean any is as likely as the surest field says: by counts alone a value is as likely as its share of all
    that the words may name; what the text says moves that belief, as if DOUBT documents had said it before. The fields
    share it by the documents that have the value. Words that only happen to stand together are seldom a value: the more
    words, the less doubt.
    """
    doubt = DOUBT / (key.count(" ") + 1)
    total = doubt + sum(counts.values())
    having = {
        name: max(repeating[name], 1 - 1 / count) * (mentions.meant.get((name, key), 0) + doubt * count / total)
        for name, count in counts.items()
    }
    surest = max(have / (mentions.told.get((name, key), 0) + doubt) for name, have in having.items())
    scale = min(surest, SUREST) / (sum(having.values()) or 1.0)
    return {name: have * scale for name, have in having.items()}
