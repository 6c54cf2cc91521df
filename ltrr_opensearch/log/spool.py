"""Records on disk while the cluster cannot take them: append-only files, replayed in order.

Each writer has a folder of its own, held by a lock, since several processes may share `spool_dir`; what a dead writer
left behind is taken over by the next one that starts. Blocking: called off the event loop.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import IO

import orjson

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.log.bulk import Record, from_line, to_line

SEGMENT_BYTES = 4 * 2**20
DEAD_LETTERS = "refused.ndjson"
DEAD_LETTER_SHARE = 0.125
"""Part of the spool's size that refused records may take; beyond it they are only counted."""


class Spool:
    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._lock, self.folder = _own_folder(folder)
        self._take_over(folder)
        self._count()
        self._next = max((int(f.stem) for f in self._segments()), default=0) + 1
        self._open: tuple[Path, FileIO] | None = None

    @property
    def empty(self) -> bool:
        return self._bytes == 0

    @property
    def size(self) -> int:
        """Bytes waiting."""
        return self._bytes

    def append(self, records: Sequence[Record]) -> int:
        """Keep records, surely on disk on return; how many found room, from the first on."""
        lines, size = [], 0
        for line in map(to_line, records):
            if self._bytes + size + len(line) > self._limit:
                break
            lines.append(line)
            size += len(line)
        if not lines:
            return 0
        try:
            _write_surely(self._file(), lines)
        except OSError:
            self._seal()
            return 0
        finally:
            self._count()
        return len(lines)

    def files(self) -> list[Path]:
        """What waits, the oldest first; closed for writing, so that each can be read to its end."""
        self._seal()
        return self._segments()

    def read(self, path: Path) -> tuple[list[Record], int]:
        """The records of a file and the number of its damaged lines."""
        found = [from_line(line) for line in path.read_bytes().splitlines(keepends=True)]
        records = [r for r in found if r is not None]
        return records, len(found) - len(records)

    def keep(self, path: Path, records: Sequence[Record]) -> None:
        """What is left of a file after its replay; without any records it is removed."""
        if records:
            fresh = path.with_suffix(".fresh")
            with fresh.open("wb", buffering=0) as file:
                _write_surely(file, [to_line(r) for r in records])
            fresh.rename(path)
        else:
            path.unlink()
        self._count()

    def bury(self, refused: Sequence[tuple[Record, str]]) -> None:
        """Keep what the cluster will never take, with its reason, for someone to look at."""
        path = self.folder / DEAD_LETTERS
        room = self._limit * DEAD_LETTER_SHARE - (path.stat().st_size if path.exists() else 0)
        lines: list[bytes] = []
        for record, reason in refused:
            letter = {"reason": reason, "action": orjson.Fragment(record.action)}
            lines.append(orjson.dumps({**letter, "document": orjson.Fragment(record.document)}) + b"\n")
            room -= len(lines[-1])
            if room < 0:
                lines.pop()
                break
        with path.open("ab", buffering=0) as file:
            _write_surely(file, lines)

    def close(self) -> None:
        self._seal()
        self._lock.close()

    def _count(self) -> None:
        self._bytes = sum(f.stat().st_size for f in self._segments())

    def _segments(self) -> list[Path]:
        return sorted(self.folder.glob("*.spool"))

    def _file(self) -> FileIO:
        if self._open and self._open[1].tell() >= SEGMENT_BYTES:
            self._seal()
        if self._open is None:
            path = self.folder / f"{self._next:012d}.spool"
            self._next += 1
            self._open = (path, path.open("ab", buffering=0))
            _sync_folder(self.folder)
        return self._open[1]

    def _seal(self) -> None:
        if self._open:
            self._open[1].close()
            self._open = None

    def _take_over(self, root: Path) -> None:
        for other in sorted(root.iterdir()):
            if other == self.folder or not other.is_dir() or (lock := _try_lock(other)) is None:
                continue
            with lock:
                start = max((int(f.stem) for f in self._segments()), default=0) + 1
                for number, file in enumerate(sorted(other.glob("*.spool")), start=start):
                    file.rename(self.folder / f"{number:012d}.spool")


def _own_folder(root: Path) -> tuple[IO[bytes], Path]:
    try:
        for number in range(10_000):
            folder = root / f"{number:04d}"
            folder.mkdir(parents=True, exist_ok=True)
            if (lock := _try_lock(folder)) is not None:
                return lock, folder
    except OSError as cause:
        raise SettingsError(
            f"log.spool_dir {str(root)!r} cannot be written ({cause}); name a folder that can"
        ) from cause
    raise SettingsError(f"log.spool_dir {str(root)!r} holds 10,000 locked folders; name another one")


def _try_lock(folder: Path) -> IO[bytes] | None:
    lock = (folder / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _write_surely(file: FileIO, lines: Sequence[bytes]) -> None:
    """All of it, or nothing: the next record must not follow a torn line."""
    start, left = file.tell(), memoryview(b"".join(lines))
    try:
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            file.truncate(start)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
