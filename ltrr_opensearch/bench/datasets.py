"""Where the data lie that we measure on and never ship: under `LTRR_DATA`, else `../shared/data` of the checkout."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ltrr_opensearch.errors import DataError

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def folder(needed: Iterable[Path]) -> Path:
    """The folder that holds the files needed, given relative to it; a DataError names those that are not there."""
    base = Path(os.environ.get("LTRR_DATA") or SHARED)
    if absent := [str(base / file) for file in needed if not (base / file).exists()]:
        raise DataError(
            f"there is no {' and no '.join(absent)}; put the data there, or set LTRR_DATA to where they are"
        )
    return base
