"""What people call a field, beside what they say of it: "16 gb ram", "screen size 17", "colour black"."""

from __future__ import annotations

from collections.abc import Sequence

from ltrr_opensearch.lookup import word_of
from ltrr_opensearch.understand.items import Item

Names = tuple[tuple[str, ...], ...]
"""Each as its words in the form of look-ups, the longest first."""
_BETWEEN = frozenset({"of", "is", "in", "with", "a", "the", "von", "de", "di", "van", ":", "="})
"""Words that may stand between a name and its value."""


def names_of(called: Sequence[str]) -> Names:
    split = (tuple(word_of(w) for w in name.split()) for name in called)
    return tuple(sorted({name for name in split if name}, key=lambda name: (-len(name), name)))


def beside(start: int, end: int, items: Sequence[Item], names: Names) -> tuple[int, int, bool]:
    """The stretch with the field's name before or behind it, and whether there is one."""
    if (before := name_before(start, items, names)) is not None:
        return before, end, True
    for name in names:
        if _spell(items, end, len(name)) == name:
            return start, end + len(name), True
    return start, end, False


def name_before(start: int, items: Sequence[Item], names: Names) -> int | None:
    """Where a name begins that ends right before `start`."""
    for gap in (0, 1):
        at = start - gap
        if gap and (at < 1 or items[at].word not in _BETWEEN):
            return None
        for name in names:
            if at >= len(name) and _spell(items, at - len(name), len(name)) == name:
                return at - len(name)
    return None


def _spell(items: Sequence[Item], start: int, length: int) -> tuple[str, ...]:
    return tuple(word_of(item.word) for item in items[start : start + length])
