"""Values of slot fields in packed form: words -> (field, spellings, documents, confidence).

A static trie (marisa-trie: succinct, a few bytes a key) numbers the keys; the rest are arrays by that number. A million
values take tens of megabytes where a dictionary of objects takes hundreds, and are loaded without a loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError

_BETWEEN = "\0"
_ARRAYS = {"starts": "<u4", "fields": "<u2", "counts": "<u4", "confidences": "<f4", "texts": "<u4"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a field under its words, the documents that have it, and how likely the words mean it."""

    field: str
    spellings: tuple[str, ...]
    count: int
    confidence: float


@dataclass(frozen=True, slots=True)
class SlotValues:
    names: tuple[str, ...]
    """Fields; `fields` counts into them."""
    keys: marisa_trie.Trie
    starts: NDArray[np.uint32]
    """Entries of key i are those from starts[i] to starts[i + 1]."""
    fields: NDArray[np.uint16]
    counts: NDArray[np.uint32]
    confidences: NDArray[np.float32]
    texts: NDArray[np.uint32]
    """The spellings of entry i are in `text` from texts[i] to texts[i + 1]."""
    text: bytes
    longest: int
    """Words of the longest key."""

    @classmethod
    def packed(cls, entries: Mapping[str, Sequence[Entry]]) -> SlotValues:
        keys = marisa_trie.Trie(entries.keys())
        by_number = sorted(entries, key=keys.__getitem__)
        flat = [entry for key in by_number for entry in entries[key]]
        names = tuple(sorted({e.field for e in flat}))
        number = {name: i for i, name in enumerate(names)}
        texts = [_BETWEEN.join(e.spellings).encode() for e in flat]
        return cls(
            names,
            keys,
            _offsets([len(entries[key]) for key in by_number]),
            np.array([number[e.field] for e in flat], dtype=np.uint16),
            np.array([e.count for e in flat], dtype=np.uint32),
            np.array([e.confidence for e in flat], dtype=np.float32),
            _offsets([len(t) for t in texts]),
            b"".join(texts),
            max((key.count(" ") + 1 for key in entries), default=0),
        )

    def __len__(self) -> int:
        return len(self.fields)

    def of(self, key: str) -> Iterator[Entry]:
        """The entries of a key; none for words that are no value."""
        number = self.keys.get(key)
        if number is not None:
            for i in range(int(self.starts[number]), int(self.starts[number + 1])):
                text = self.text[self.texts[i] : self.texts[i + 1]].decode()
                confidence = float(self.confidences[i])
                yield Entry(self.names[self.fields[i]], tuple(text.split(_BETWEEN)), int(self.counts[i]), confidence)

    def beginning(self, words: Sequence[str]) -> list[str]:
        """The keys that are the first words of these, one or more."""
        text = " ".join(words[: self.longest]) + " "
        return [key for key in self.keys.prefixes(text) if text[len(key)] == " "]

    @property
    def nbytes(self) -> int:
        """Memory taken; of the trie, as many bytes as it has on disk."""
        arrays = sum(getattr(self, name).nbytes for name in _ARRAYS)
        return int(arrays) + len(self.text) + len(self.keys.tobytes())

    def blobs(self) -> dict[str, bytes]:
        arrays = {name: getattr(self, name).astype(kind).tobytes() for name, kind in _ARRAYS.items()}
        return {**arrays, "text": self.text, "keys": self.keys.tobytes()}

    @classmethod
    def from_blobs(cls, names: Sequence[str], longest: int, blobs: Mapping[str, bytes]) -> SlotValues:
        arrays: dict[str, Any] = {name: np.frombuffer(blobs[name], dtype=kind) for name, kind in _ARRAYS.items()}
        values = cls(tuple(names), trie_from(blobs["keys"]), text=blobs["text"], longest=longest, **arrays)
        values.check()
        return values

    def check(self) -> None:
        """That the arrays belong together, so that no look-up can leave them."""
        entries = len(self.fields)
        fits = (
            len(self.starts) == len(self.keys) + 1
            and len(self.counts) == len(self.confidences) == entries == len(self.texts) - 1
            and int(self.starts[-1]) == entries
            and int(self.texts[-1]) == len(self.text)
            and (not entries or int(self.fields.max()) < len(self.names))
        )
        if not fits:
            raise ModelError("gazetteer: its arrays do not fit one another; publish it again with `ltrr setup`")


def trie_from(blob: bytes) -> marisa_trie.Trie:
    try:
        return marisa_trie.Trie().frombytes(blob)
    except (RuntimeError, ValueError) as e:
        raise ModelError(f"gazetteer: its trie is unreadable ({e}); publish it again with `ltrr setup`") from e


def _offsets(lengths: Sequence[int]) -> NDArray[np.uint32]:
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.uint32)
