"""Texts alike in spelling: those that share the largest part of their character trigrams (Jaccard).

An inverted index. The rarest trigrams of a text are followed first, as far as a budget of postings reaches; the most
promising texts found so far are then compared whole. What shares only a text's commonest trigrams is not found then,
which is the price of a bounded look-up (prefix filtering: Chaudhuri et al., ICDE 2006; Bayardo et al., WWW 2007).
Within the budget it is exact.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.columns import Columns
from ltrr_opensearch.knowledge.strings import Strings

POSTINGS = 20_000
"""Postings followed a look-up."""
COMPARED = 150
"""Texts compared whole where postings are left."""
WEIGHED = 2_000
"""Texts whose length is looked at before, those that share most of the rare trigrams."""
_CHUNK = 50_000
_ASCII = 128
_BITS = 21
"""Of a code point; three of them make a trigram's number."""

Codes = NDArray[np.uint64]
Rows = NDArray[np.intp]
Rows32 = NDArray[np.uint32]


class Trigrams:
    """Immutable. `rows[starts[i] : starts[i + 1]]`, ascending, have the trigram `codes[i]`; a row has `sizes[row]`."""

    __slots__ = ("_codes", "_places", "_rows", "_sizes", "_starts", "_texts")

    def __init__(
        self,
        texts: Strings,
        codes: Codes,
        starts: NDArray[np.int64],
        rows: NDArray[np.uint32],
        sizes: NDArray[np.uint16],
    ) -> None:
        self._texts, self._codes, self._starts, self._rows, self._sizes = texts, codes, starts, rows, sizes
        lists = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
        self._places: dict[int, tuple[int, int]] = dict(zip(codes.tolist(), lists, strict=True))

    @classmethod
    def of(cls, texts: Strings) -> Trigrams:
        codes = np.zeros(0, np.uint64)
        for found, _, _ in _chunks(texts):
            codes = np.union1d(codes, found)
        keys: list[Codes] = []
        sizes = np.zeros(len(texts), np.uint16)
        for found, owners, first in _chunks(texts):
            places = np.searchsorted(codes, found).astype(np.uint64)
            keys.append(np.unique(places * np.uint64(len(texts)) + owners.astype(np.uint64)))
            held = (keys[-1] % np.uint64(len(texts))).astype(np.intp) - first
            grams = np.bincount(held)
            sizes[first : first + len(grams)] = np.minimum(grams, np.iinfo(np.uint16).max)
        key = np.concatenate([*keys, np.zeros(0, np.uint64)])
        key.sort()
        of_code, rows = np.divmod(key, np.uint64(max(len(texts), 1)))
        starts = np.searchsorted(of_code, np.arange(len(codes) + 1, dtype=np.uint64)).astype(np.int64)
        return cls(texts, codes, starts, rows.astype(np.uint32), sizes)

    def columns(self) -> Columns:
        """Rows as steps from one to the next, which are small and pack well."""
        steps = np.diff(self._rows, prepend=np.uint32(0))
        return {"codes": self._codes, "starts": self._starts, "steps": steps, "sizes": self._sizes}

    @classmethod
    def of_columns(cls, texts: Strings, columns: Columns) -> Trigrams:
        codes, starts, sizes = columns["codes"], columns["starts"], columns["sizes"]
        rows = np.cumsum(columns["steps"], dtype=np.uint32)
        whole = len(starts) == len(codes) + 1 and starts[0] == 0 and starts[-1] == len(rows)
        if not whole or len(sizes) != len(texts) or (np.diff(starts) < 0).any() or (rows >= len(texts)).any():
            raise ModelError(f"{len(codes)} trigrams, {len(rows)} rows and {len(texts)} texts do not fit together")
        return cls(texts, codes, starts, rows, sizes)

    def alike(self, text: str, least: float, most: float, limit: int) -> list[tuple[int, float]]:
        """(row, similarity) of the best `limit` of at least `least`, best first, ties by row; `most` caps it."""
        if not len(self._texts):
            return []
        grams = _distinct(f" {text} ")
        rows, shared = self._sharing(grams, least * len(grams))
        jaccard = shared / (len(grams) + self._sizes[rows] - shared)
        good = jaccard >= least
        rows, jaccard = rows[good], np.minimum(jaccard[good], most)
        best = np.lexsort((rows, -jaccard))[:limit]
        return [(int(rows[i]), float(jaccard[i])) for i in best]

    def _sharing(self, grams: Codes, least: float) -> tuple[Rows, NDArray[np.int64]]:
        """Rows that may share `least` of these trigrams or more, and how many they do share."""
        lists = self._lists(grams)
        followed = max(1, bisect_right(list(accumulate(map(len, lists))), POSTINGS))
        left = len(lists) - followed
        if left <= 0:
            return _counted(lists, least - 1e-9)
        rows, shared = _counted(lists[:followed], least - left - 1e-9, WEIGHED)
        promise = shared / (len(grams) + self._sizes[rows] - shared)
        if len(rows) > COMPARED:
            rows = np.sort(rows[np.argpartition(-promise, COMPARED)[:COMPARED]])
        return rows, self._compared(rows, grams)

    def _lists(self, grams: Codes) -> list[NDArray[np.uint32]]:
        """The rows that have each of the trigrams, the shortest list first; what nobody has is left out."""
        places = sorted((self._places[g] for g in grams.tolist() if g in self._places), key=lambda p: p[1] - p[0])
        return [self._rows[start:end] for start, end in places]

    def _compared(self, rows: Rows, grams: Codes) -> NDArray[np.int64]:
        """How many of the trigrams each of the rows has, by its text."""
        codes, owners = self._of_rows(rows)
        at = np.searchsorted(grams, codes)
        at[at == len(grams)] = 0
        same = grams[at] == codes
        has = np.zeros((len(rows), len(grams)), np.bool_)
        has[owners[same], at[same]] = True
        shared: NDArray[np.int64] = has.sum(axis=1)
        return shared

    def _of_rows(self, rows: Rows) -> tuple[Codes, Rows]:
        """Trigrams with repetitions, and of which of the rows each is; bytes are code points where all are ASCII."""
        letters, lengths = self._texts.gathered(rows)
        if len(letters) and letters.max() >= _ASCII:
            return _of_texts([self._texts[row] for row in rows.tolist()])
        ends = np.cumsum(lengths + 2)
        owners = np.repeat(np.arange(len(rows)), lengths + 2)
        points = np.full(len(owners), ord(" "), np.uint64)
        within = np.ones(len(owners), np.bool_)
        within[ends - 1] = within[ends - lengths - 2] = False
        points[within] = letters
        return _trigrams(points, owners)


def _counted(lists: list[NDArray[np.uint32]], least: float, most: int | None = None) -> tuple[Rows, NDArray[np.int64]]:
    """Every row in at least so many lists, and in how many; of the scarcest, as few as `most` leaves room for."""
    if not lists:
        return np.zeros(0, np.intp), np.zeros(0, np.int64)
    if len(lists) == 1 and least <= 1:
        return lists[0].astype(np.intp), np.ones(len(lists[0]), np.int64)
    every = np.sort(np.concatenate(lists))
    repeats = every[1:] == every[:-1]
    repeated = np.count_nonzero(repeats)
    alone = not repeated or (least <= 1 and (most is None or len(every) - repeated <= most))
    rows, shared = _runs(every, repeats) if alone else _repeated(every, repeats)
    if most is not None:
        at_least = np.bincount(shared)[::-1].cumsum()[::-1]
        least = max(least, min(int((at_least > most).sum()), len(at_least) - 1))
    able = shared >= least
    return rows[able].astype(np.intp), shared[able]


def _runs(every: Rows32, repeats: NDArray[np.bool_]) -> tuple[Rows32, NDArray[np.int64]]:
    """Each row of an ascending list with repetitions, and how often it is there."""
    ends = np.append(np.flatnonzero(~repeats), len(every) - 1)
    return every[ends], np.diff(ends, prepend=-1)


def _repeated(every: Rows32, repeats: NDArray[np.bool_]) -> tuple[Rows32, NDArray[np.int64]]:
    """The same of those that are there twice or more, which are few: most share one rare trigram and no more."""
    bounded = np.zeros(len(repeats) + 2, np.bool_)
    bounded[1:-1] = repeats
    starts = np.flatnonzero(repeats & ~bounded[:-2])
    ends = np.flatnonzero(repeats & ~bounded[2:])
    return every[starts], ends - starts + 2


def _chunks(texts: Strings) -> Iterator[tuple[Codes, Rows, int]]:
    """(trigrams with repetitions, the row of each, the first row), so many texts at a time."""
    for first in range(0, len(texts), _CHUNK):
        codes, owners = _of_texts([texts[row] for row in range(first, min(first + _CHUNK, len(texts)))])
        yield codes, owners + first, first


def _of_texts(texts: list[str]) -> tuple[Codes, Rows]:
    """Trigrams with repetitions, and of which text each is."""
    owners = np.repeat(np.arange(len(texts)), [len(text) + 2 for text in texts])
    joined = "".join(f" {text} " for text in texts)
    points: NDArray[Any] = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4")
    return _trigrams(points.astype(np.uint64), owners)


def _distinct(text: str) -> Codes:
    """The trigrams of one text, each once, ascending."""
    points = [ord(letter) for letter in text]
    told = {a << 2 * _BITS | b << _BITS | c for a, b, c in zip(points, points[1:], points[2:], strict=False)}
    return np.array(sorted(told), np.uint64)


def _trigrams(points: Codes, owners: Rows) -> tuple[Codes, Rows]:
    """Of code points and the text that each stands in, a space before and behind every text."""
    whole = owners[2:] == owners[:-2]
    one, two = np.uint64(_BITS), np.uint64(2 * _BITS)
    codes: Codes = (points[:-2] << two) | (points[1:-1] << one) | points[2:]
    return codes[whole], owners[2:][whole]
