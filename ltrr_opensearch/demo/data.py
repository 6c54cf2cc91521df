"""Icecat: real products, real queries, three people's ratings; and which query plays which part.

Rater 1 moves the simulated users; raters 2 and 3 judge, so nobody is judged by the opinion that taught them.
Queries with traffic are told from held-out ones by a fixed hash of their text.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ltrr_opensearch.demo.download import download
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import Json

PRODUCT_FILE = "products.jsonl.gz"
RATING_FILE = "Broad_Query_Set_individual_ratings.csv"
FILES = (PRODUCT_FILE, RATING_FILE)
TRAFFIC_SHARE = 0.6
RATERS = ("agent_1_rating", "agent_2_rating", "agent_3_rating")

Grades = Mapping[str, Mapping[str, int]]
"""query -> document -> grade, 0..3."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the demo works on. `users` are rater 1's grades, `judges` those of raters 2 and 3 together."""

    products: tuple[Json, ...]
    users: Grades
    judges: Grades

    @property
    def queries(self) -> tuple[str, ...]:
        """Queries for which the judges found something good, in the alphabet's order."""
        return tuple(sorted(q for q, grades in self.judges.items() if max(grades.values()) > 0))

    @property
    def traffic(self) -> tuple[str, ...]:
        return tuple(q for q in self.queries if has_traffic(q))

    @property
    def held_out(self) -> tuple[str, ...]:
        return tuple(q for q in self.queries if not has_traffic(q))


def has_traffic(query: str) -> bool:
    """Whether simulated users ask this query: a fixed hash of its text below the traffic share."""
    digest = hashlib.sha256(query.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < TRAFFIC_SHARE


def judged_grade(second: int, third: int) -> int:
    """Mean of two ratings as a grade: halves are rounded up, so one doubt does not unmake a grade."""
    return (second + third + 1) // 2


def find(home: Path, progress: Callable[[str], None] = lambda _: None) -> Path:
    """The folder with Icecat: under `LTRR_DATA`, `../shared/data`, or downloaded into `home`."""
    named = os.environ.get("LTRR_DATA")
    if named:
        folder = Path(named) / "icecat"
        if absent := [str(folder / name) for name in FILES if not (folder / name).exists()]:
            raise DataError(
                f"LTRR_DATA is {named}, but there is no {' and no '.join(absent)}; put it there, or unset LTRR_DATA to "
                "download"
            )
        return folder
    checkout = Path(__file__).resolve().parents[2]
    shared = checkout.parent / "shared" / "data" / "icecat"
    if all((shared / name).exists() for name in FILES):
        return shared
    return download(home / "data" / "icecat", progress=progress)


def load(folder: Path, limit: int | None = None, seed: int = 7) -> Catalogue:
    """Products and ratings; with a limit, all rated products and a seeded sample of the others."""
    products = _products(folder / PRODUCT_FILE)
    users, judges = _ratings(folder / RATING_FILE)
    if limit is not None:
        rated = {document for grades in judges.values() for document in grades}
        kept = [p for p in products if p["id"] in rated]
        others = [p for p in products if p["id"] not in rated]
        products = kept + random.Random(seed).sample(others, max(0, min(limit - len(kept), len(others))))  # noqa: S311
    return Catalogue(tuple(products), users, judges)


def _products(path: Path) -> list[Json]:
    products: list[Json] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                products.append(_product(line, f"{path}, line {number}"))
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read to its end ({error}); fetch it again, or delete it") from error
    return products


def _product(line: str, place: str) -> Json:
    try:
        product = json.loads(line)
        return {**product, "id": str(product["id"])}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{place}: not a product with an id ({error})") from error


def _ratings(path: Path) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    users: dict[str, dict[str, int]] = {}
    judges: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                first, second, third = (int(row[rater]) for rater in RATERS)
                query, document = row["query"], row["docid"]
            except (KeyError, ValueError) as error:
                raise DataError(
                    f"{path}, line {number}: expected query, docid and three ratings 0-3 ({error})"
                ) from error
            users.setdefault(query, {})[document] = first
            judges.setdefault(query, {})[document] = judged_grade(second, third)
    return users, judges
