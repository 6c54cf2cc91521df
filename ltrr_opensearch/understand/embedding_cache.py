"""Embeddings of documents on disk, so that an interrupted run embeds nothing twice and a second index costs nothing.

A SQLite file keyed by `embedding_key`. It may be deleted at any time; a damaged one is set aside and begun anew.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.types import Vector

_READ = 500  # keys a statement: SQLite's oldest limit of variables is 999


def embedding_key(digest: str, text: str) -> str:
    """Names the embedding of a text by the encoder of that digest: 32 hexadecimal digits."""
    return hashlib.sha256(f"{digest}\0{text}".encode()).hexdigest()[:32]


def cache_folder(configured: str | None) -> Path:
    """The configured folder, or the user's cache folder."""
    if configured:
        return Path(configured).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ltrr-opensearch"


class EmbeddingCache:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "embeddings.sqlite"
        try:
            self._db = self._open()
        except sqlite3.DatabaseError:
            self._file.replace(self._file.with_suffix(".damaged"))
            self._db = self._open()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._file, timeout=60)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE IF NOT EXISTS embeddings (key TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        return db

    def get(self, keys: Sequence[str]) -> dict[str, Vector]:
        """Those of the keys that are known."""
        found: dict[str, Vector] = {}
        for start in range(0, len(keys), _READ):
            part = keys[start : start + _READ]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(f"SELECT key, vector FROM embeddings WHERE key IN ({marks})", part)  # noqa: S608
            found.update({key: np.frombuffer(blob, dtype="<f4") for key, blob in rows})
        return found

    def put(self, vectors: Mapping[str, Vector]) -> None:
        """Keeps them, durable when this returns."""
        with self._db:
            self._db.executemany(
                "INSERT OR IGNORE INTO embeddings VALUES (?, ?)",
                [(key, np.asarray(v, dtype="<f4").tobytes()) for key, v in vectors.items()],
            )

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> EmbeddingCache:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class CachedEncoder:
    """An encoder that looks into the cache first. `computed` counts the texts that it had to encode."""

    def __init__(self, encoder: Encoder, cache: EmbeddingCache) -> None:
        self._encoder = encoder
        self._cache = cache
        self.dimension = encoder.dimension
        self.digest = encoder.digest
        self.computed = 0

    def encode(self, texts: Sequence[str]) -> Vector:
        keys = [embedding_key(self.digest, t) for t in texts]
        known = self._cache.get(list(dict.fromkeys(keys)))
        known = {key: v for key, v in known.items() if len(v) == self.dimension}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            fresh = dict(zip(missing, self._encoder.encode(list(missing.values())), strict=True))
            self._cache.put(fresh)
            self.computed += len(fresh)
            known |= fresh
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return np.stack([known[key] for key in keys])
