"""Looks into a spool folder from outside, without taking anything: for `ltrr doctor`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ltrr_opensearch.log.spool import DEAD_LETTERS


@dataclass(frozen=True, slots=True)
class Kept:
    writable: bool
    waiting_bytes: int
    refused: int
    """Records that the cluster will never take."""


def look_at(folder: Path) -> Kept | None:
    """None where there is no such folder: no proxy ran here yet."""
    if not folder.is_dir():
        return None
    waiting = sum(file.stat().st_size for file in folder.glob("*/*.spool"))
    refused = sum(_lines(file) for file in folder.glob(f"*/{DEAD_LETTERS}"))
    return Kept(os.access(folder, os.W_OK | os.X_OK), waiting, refused)


def _lines(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(1 for _ in opened)
