"""Rows as columns of JSON, and back: features, and names and words that repeat, each written once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any

import numpy as np
import orjson

from ltrr_opensearch.types import Features, Json


def table(rows: Sequence[Features]) -> Json:
    """Sparse features as one list of names and rows of numbers; null where a row lacks the feature."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if single := _single(rows, names):
        return {"names": names, "single": True, "rows": single}
    return {"names": names, "rows": [[number(row[n]) if n in row else None for n in names] for row in rows]}


def _single(rows: Sequence[Features], names: Sequence[str]) -> Any:
    """Rows of single precision, as a ranker's are, in the few digits that these need; None where some are not."""
    values = np.array([[row.get(n, np.nan) for n in names] for row in rows], dtype=np.float64)
    known = np.isfinite(values)
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if known.sum() != sum(map(len, rows)) or not np.array_equal(single[known], values[known]):
        return None
    return orjson.loads(orjson.dumps(single, option=orjson.OPT_SERIALIZE_NUMPY)) if known.any() else None


def table_back(table: Json) -> list[Mapping[str, float]]:
    names = interned(table["names"])
    read = _from_single if table.get("single") else float
    return [{n: read(v) for n, v in zip(names, row, strict=True) if v is not None} for row in table["rows"]]


def _from_single(value: float) -> float:
    return float(np.float32(value))


def number(value: float) -> float | str:
    """JSON has no NaN and no infinity, so these travel as words that `float` reads."""
    return value if math.isfinite(value) else str(value)


def repeated(name: str, values: Sequence[str]) -> Json:
    """One name for all where it is the same, as concrete indexes nearly always are."""
    return {name: values[0]} if len(set(values)) == 1 else {name: list(values)}


def repeated_back(name: str, columns: Json, count: int) -> list[str]:
    value: Any = columns[name]
    return [intern(value)] * count if isinstance(value, str) else interned(value)


def interned(names: Sequence[str]) -> list[str]:
    """The same few names search after search, each kept once: of the searches that judge they took a sixth."""
    return list(map(intern, names))


def sparse(name: str, values: Sequence[str | None]) -> Json:
    given = {str(i): v for i, v in enumerate(values) if v is not None}
    return {name: given} if given else {}


def sparse_back(name: str, columns: Json) -> dict[int, str]:
    return {int(i): v for i, v in columns.get(name, {}).items()}
