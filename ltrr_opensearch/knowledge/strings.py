"""Many sorted strings in one run of bytes: each takes its letters and four bytes, where a list takes fifty more."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError

Offsets = NDArray[np.uint32]


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

    def find(self, text: str) -> int | None:
        """The row of a string."""
        row = bisect_left(range(len(self)), text, key=self.__getitem__)
        return row if row < len(self) and self[row] == text else None

    def order_by(self, key: Callable[[str], str]) -> Offsets:
        """Rows in the order of a key."""
        keys = [key(self[row]) for row in range(len(self))]
        return np.array(sorted(range(len(self)), key=keys.__getitem__), np.uint32)

    def with_key(self, wanted: str, order: Offsets, key: Callable[[str], str]) -> list[int]:
        """Rows whose key is `wanted`, in an `order_by` that key; it is computed for some twenty of a million."""
        found = []
        at = bisect_left(range(len(order)), wanted, key=lambda place: key(self[int(order[place])]))
        while at < len(order) and key(self[int(order[at])]) == wanted:
            found.append(int(order[at]))
            at += 1
        return found
