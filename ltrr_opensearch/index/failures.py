"""Documents that could not be done, with the reason: counted by reason, and listed one by one in a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson


class Failures:
    """Appends a JSON line a failure to `file`, which is made with the first one; none that is there already."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._listed = set(file.read_bytes().splitlines(keepends=True)) if file.exists() else set()
        self.by_reason: Counter[str] = Counter()

    def add(self, document: str, reason: str) -> None:
        """`document` is an `_id`, or the place in a file that was read."""
        line = orjson.dumps({"document": document, "reason": reason}) + b"\n"
        if line not in self._listed:
            self._listed.add(line)
            with self.file.open("ab") as out:
                out.write(line)
        self.by_reason[_kind(reason, document)] += 1

    @property
    def total(self) -> int:
        return self.by_reason.total()


def _kind(reason: str, document: str) -> str:
    """The reason without what is particular to one document, for counting."""
    return reason.replace(f"'{document}'", "…").split(". Preview of field's value")[0][:200]
