"""Many sorted strings in one run of bytes: each takes its letters and four bytes, where a list takes fifty more."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError

Offsets = NDArray[np.uint32]
Sums = NDArray[np.uint32]


class Strings:
    """Immutable. Distinct, in the order of their code points, which is that of their UTF-8 bytes."""

    __slots__ = ("_bytes", "_places", "_starts")

    def __init__(self, joined: bytes, starts: Offsets) -> None:
        """`starts` has one more than there are strings; `ModelError` where both do not fit."""
        if not len(starts) or starts[0] or starts[-1] != len(joined) or (np.diff(starts.astype(np.int64)) < 0).any():
            raise ModelError(f"{len(starts)} places do not cut {len(joined)} bytes; publish it again with `ltrr learn`")
        self._bytes, self._starts = joined, starts
        self._places: Sequence[int] = memoryview(starts)  # type: ignore[arg-type]  # numpy arrays are buffers
        """The same, without a numpy number for each that is looked at."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Strings:
        coded = [text.encode("utf-8", "surrogatepass") for text in sorted(set(texts))]
        starts = np.zeros(len(coded) + 1, np.uint32)
        starts[1:] = np.cumsum([len(one) for one in coded], dtype=np.int64)
        return cls(b"".join(coded), starts)

    @classmethod
    def of_columns(cls, letters: NDArray[np.uint8], starts: Offsets) -> Strings:
        return cls(letters.tobytes(), starts)

    def columns(self) -> tuple[NDArray[np.uint8], Offsets]:
        return np.frombuffer(self._bytes, np.uint8), self._starts

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, row: int) -> str:
        return self._bytes[self._places[row] : self._places[row + 1]].decode("utf-8", "surrogatepass")

    def gathered(self, rows: NDArray[np.integer]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The UTF-8 bytes of many strings one after the other, and how many are of each."""
        starts = self._starts[rows].astype(np.int64)
        lengths = self._starts[rows + 1].astype(np.int64) - starts
        ends = np.cumsum(lengths)
        places = np.arange(int(lengths.sum())) + np.repeat(starts - (ends - lengths), lengths)
        return np.frombuffer(self._bytes, np.uint8)[places], lengths

    def find(self, text: str) -> int | None:
        """The row of a string."""
        row = bisect_left(range(len(self)), text, key=self.__getitem__)
        return row if row < len(self) and self[row] == text else None


class ByKey:
    """Rows of strings by a key of them, found by its checksum: keys are not kept, but made again of what is found."""

    __slots__ = ("_key", "_texts", "rows", "sums")

    def __init__(self, texts: Strings, key: Callable[[str], str], sums: Sums, rows: Offsets) -> None:
        """`sums`, ascending, are those of the keys of `rows`."""
        if not len(sums) == len(rows) == len(texts) or (np.diff(sums.astype(np.int64)) < 0).any():
            raise ModelError(f"{len(sums)} checksums of {len(texts)} texts are out of order; publish it again")
        if len(rows) and rows.max() >= len(texts):
            raise ModelError(f"rows beyond its {len(texts)} texts; publish it again with `ltrr learn`")
        self._texts, self._key, self.sums, self.rows = texts, key, sums, rows

    @classmethod
    def of(cls, texts: Strings, key: Callable[[str], str]) -> ByKey:
        sums = np.array([_sum(key(texts[row])) for row in range(len(texts))], np.uint32)
        order = np.argsort(sums, kind="stable").astype(np.uint32)
        return cls(texts, key, sums[order], order)

    def find(self, key: str) -> list[int]:
        """Rows with this key."""
        wanted = np.uint32(_sum(key))
        first, last = np.searchsorted(self.sums, wanted), np.searchsorted(self.sums, wanted, side="right")
        return [row for row in self.rows[first:last].tolist() if self._key(self._texts[row]) == key]


def _sum(key: str) -> int:
    return crc32(key.encode("utf-8", "surrogatepass"))
