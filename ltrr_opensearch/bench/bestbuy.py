"""Best Buy: what real people clicked for real queries, in a haystack of the shop's other products.

Clicks of August to October 2011 on Xbox games (ACM SIGSPATIAL hackathon data), and 46,000 further products of the same
shop. Both have name, maker and descriptions; nothing else is taken, so that no field tells which set a product is of.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ltrr_opensearch.types import Json

PRODUCTS = Path("bestbuy") / "products.jsonl.gz"
CLICKS = Path("bestbuy") / "clicks.csv.gz"
HAYSTACK = Path("retrotech") / "products.csv.gz"
FILES = (PRODUCTS, CLICKS, HAYSTACK)
TEXTS = ("name", "manufacturer", "short_description", "long_description")
_OLDER_NAMES = {"short_description": "shortDescription", "long_description": "longDescription"}


@dataclass(frozen=True, slots=True)
class Clicked:
    """One query of one person, with the product clicked; `session` is the same within half an hour."""

    at: datetime
    user: str
    session: str
    query: str
    product: str


def products(base: Path) -> list[Json]:
    """All products, each once, with the fields that both sets have."""
    found: dict[str, Json] = {}
    with gzip.open(base / PRODUCTS, "rt", encoding="utf-8") as lines:
        for line in lines:
            product = json.loads(line)
            texts = {name: product.get(_OLDER_NAMES.get(name, name)) or "" for name in TEXTS}
            found[_id(product)] = {"id": _id(product), **texts}
    with gzip.open(base / HAYSTACK, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            texts = {name: (row[name] or "").strip() for name in TEXTS}
            found.setdefault(row["upc"], {"id": row["upc"], **texts})
    return list(found.values())


def clicks(base: Path) -> list[Clicked]:
    """The clicks on products that are there, in the order of their queries' times."""
    known = {}
    with gzip.open(base / PRODUCTS, "rt", encoding="utf-8") as lines:
        for line in lines:
            product = json.loads(line)
            known[str(product["sku"])] = _id(product)
    with gzip.open(base / CLICKS, "rt", encoding="utf-8", newline="") as file:
        rows = [_clicked(row, known) for row in csv.DictReader(file) if row["sku"] in known]
    return sorted(rows, key=lambda c: (c.at, c.user, c.product))


def _id(product: Json) -> str:
    """The UPC; a few have none."""
    return str(product.get("upc") or product["sku"])


def _clicked(row: dict[str, str], known: dict[str, str]) -> Clicked:
    at = datetime.fromisoformat(row["query_time"]).replace(tzinfo=UTC)
    return Clicked(at, row["user"], row["session30"], row["query"], known[row["sku"]])


def index_body() -> Json:
    """The index as the shop would have made it."""
    english = {"type": "text", "analyzer": "english"}
    maker = {**english, "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
    properties: Json = {"id": {"type": "keyword"}, **dict.fromkeys(TEXTS, english), "manufacturer": maker}
    return {
        "settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0, "knn": True}},
        "mappings": {"dynamic": "false", "properties": properties},
    }


def application_query(text: str, fields: Sequence[str] = ("name^3", "short_description", "long_description")) -> Json:
    """The search body of an ordinary shop, written without any thought of us."""
    return {"query": {"multi_match": {"query": text, "fields": list(fields)}}, "size": 10}
