"""Somebody's own log: what was asked how often, and which documents were good for it or clicked. Read-only.

A log is plain text (a query a line), CSV with a header or JSON lines, with `query`, and perhaps `count` and `query_id`.
Judgments are a list in one of its forms (`judgment_lists`; topics of TREC qrels are the log's `query_id`s), or clicks:
CSV or JSON lines of `query` and `id`. Or both come from the cluster's `ubi_queries` and `ubi_events`.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.judgment_lists.files import read_asked
from ltrr_opensearch.learn.read import events_of
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Json

Grades = dict[str, dict[str, float]]
"""query -> document -> how good it is; a click adds 1."""
NEWEST = 10_000
"""Searches read from `ubi_queries`."""
AT_ONCE = 1000


@dataclass(frozen=True)
class QueryLog:
    counts: Counter[str]
    grades: Grades = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)
    """query_id -> query."""

    def sample(self, searches: int, seed: int) -> Counter[str]:
        """So many searches drawn as they were asked, or all where there are no more."""
        total = sum(self.counts.values())
        if total <= searches:
            return self.counts
        shares = np.array(list(self.counts.values())) / total
        drawn = np.random.default_rng(seed).multinomial(searches, shares)
        return Counter({q: int(n) for q, n in zip(self.counts, drawn, strict=True) if n})


def read_log(file: Path) -> QueryLog:
    counts: Counter[str] = Counter()
    topics: dict[str, str] = {}
    for place, row in rows(file, plain="query"):
        query = str(row.get("query", row.get("user_query", ""))).strip()
        if "query" not in row and "user_query" not in row:
            raise DataError(f"{place}: no `query` (there are: {', '.join(map(str, row))}); name the column query")
        if query:
            counts[query] += int(_number(row.get("count", 1), place, "count"))
            topics[str(row.get("query_id", query))] = query
    if not counts:
        raise DataError(f"{file} holds no queries; give a query a line, or CSV or JSON lines with a column query")
    return QueryLog(counts, {}, topics)


def read_grades(file: Path, topics: Mapping[str, str]) -> Grades:
    """Of a judgment list, or of clicks, which add up; queries are spelled as the log does."""
    grades: defaultdict[str, dict[str, float]] = defaultdict(dict)
    if _are_clicks(file):
        for _, row in rows(file, plain=""):
            of = grades[str(row["query"]).strip()]
            of[str(row["id"])] = of.get(str(row["id"]), 0.0) + 1.0
    else:
        for one in read_asked(file, topics):
            grades[one.query][one.id] = one.grade
    return dict(grades)


def _are_clicks(file: Path) -> bool:
    """Whether lines name a query and a document, and no grade."""
    if file.suffix not in (".csv", ".jsonl", ".ndjson"):
        return False
    first = next((row for _, row in rows(file, plain="")), {})
    return {"query", "id"} <= first.keys() and first.keys().isdisjoint(("grade", "rating"))


def read_ubi(client: OpenSearch, state: StateSettings, learn: LearnSettings) -> QueryLog:
    """The newest searches that UBI holds, with what was acted upon."""
    body: Json = {"size": NEWEST, "_source": ["query_id", "user_query"], "query": {"exists": {"field": "user_query"}}}
    body["sort"] = [{"timestamp": {"order": "desc", "unmapped_type": "date"}}]
    try:
        hits = client.search(index=state.ubi_queries, body=body)["hits"]["hits"]
    except NotFoundError as error:
        raise DataError(f"the cluster has no index {state.ubi_queries}; give a file instead: --log FILE") from error
    topics = {str(h["_source"].get("query_id")): str(h["_source"]["user_query"]).strip() for h in hits}
    topics = {id: query for id, query in topics.items() if query}
    if not topics:
        raise DataError(f"{state.ubi_queries} holds no searches with a user_query; give a file instead: --log FILE")
    grades: defaultdict[str, dict[str, float]] = defaultdict(dict)
    ids = list(topics)
    for start in range(0, len(ids), AT_ONCE):
        for id, events in events_of(client, state.ubi_events, ids[start : start + AT_ONCE], Counter()).items():
            for event in events:
                if event.object_id is not None and learn.gains.get(event.action, 0.0) > 0:
                    of = grades[topics[id]]
                    of[event.object_id] = of.get(event.object_id, 0.0) + 1.0
    return QueryLog(Counter(topics.values()), dict(grades), topics)


def rows(file: Path, plain: str) -> Iterator[tuple[str, Json]]:
    """(place, row) of each line; of a file that is neither CSV nor JSON lines under the name `plain`."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            if file.suffix == ".csv":
                yield from ((f"{file}, line {n}", dict(row)) for n, row in enumerate(csv.DictReader(source), start=2))
                return
            for n, line in enumerate(source, start=1):
                if line.strip():
                    yield f"{file}, line {n}", _json(line, f"{file}, line {n}") if _is_json(file) else {plain: line}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file} cannot be read: {error}") from error


def _is_json(file: Path) -> bool:
    return file.suffix in (".jsonl", ".ndjson", ".json")


def _json(line: str, place: str) -> Json:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{place}: no JSON ({error}); give one object a line") from error
    if not isinstance(row, dict):
        raise DataError(f"{place}: not an object; give one object a line")
    return row


def _number(value: object, place: str, name: str) -> float:
    try:
        number = float(str(value))
    except ValueError as error:
        raise DataError(f"{place}: {name} {value!r} is no number") from error
    if not 0 <= number < float("inf"):
        raise DataError(f"{place}: {name} {value!r} must be 0 or more")
    return number
