"""A document as proposals see it: what its text says, what its fields state, where its embedding lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ltrr_opensearch.lookup import MAX_CHARACTERS, generals_of, key_of, parts_of
from ltrr_opensearch.types import Vector

Texts = tuple[tuple[str, ...], ...]
"""What each text field says, in the form of look-ups, the heaviest field first."""


@dataclass(frozen=True, slots=True)
class Written:
    id: str
    texts: Texts
    values: Mapping[str, tuple[str, ...]]
    """Slot field -> what it states; a field that is empty or absent is not there. Yes is "true", no is "false"."""
    vector: Vector | None
    """Of unit length."""


def texts_of(fields: Iterable[Iterable[str]]) -> Texts:
    return tuple(tuple(key for text in of if (key := key_of(text[:MAX_CHARACTERS]))) for of in fields)


def meant_by(values: Sequence[str]) -> set[str]:
    """The keys of all that values are: themselves, what they list, what they are a kind of."""
    keys = {key for value in values for key in (key_of(value), *parts_of(value))}
    return keys.union(*map(generals_of, keys))
