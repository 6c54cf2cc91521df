"""What a check says: how it is and, where something is wrong, the fix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`WARN` works, but not as well as it could; `BROKEN` does not."""

    OK = "ok"
    WARN = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    state: State
    found: str
    fix: str = ""


def parted(message: str) -> tuple[str, str]:
    """Our messages say what is wrong, then what to do."""
    found, _, fix = message.partition("; ")
    return found, fix
