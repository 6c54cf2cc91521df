"""Reading a node's log: what a person wants to see of a node that died, and following one that lives."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

TELLING = re.compile(
    r"ERROR|FATAL|[Ee]xception|Caused by|^Error|OutOfMemory|[Ff]ailed|Likely root cause|[Tt]oo (small|large)|Could not"
)


def telling_lines(text: str, most: int = 12) -> list[str]:
    """The lines that say why, without stack frames; the last ones where none does."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("at ")]
    telling = [line for line in lines if TELLING.search(line)]
    return list(dict.fromkeys(telling))[-most:] if telling else lines[-most:]


def read_log(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""


def follow(log: Path, poll_s: float = 0.5) -> Iterator[str]:
    """What a log holds and then whatever is added to it, until the reader stops."""
    with log.open(encoding="utf-8", errors="replace") as stream:
        while True:
            if text := stream.read():
                yield text
            else:
                time.sleep(poll_s)
