"""TREC qrels: `topic 0 document grade`, whole grades; what the topics asked stands in a file of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.judgment_lists.places import Line, judged, number
from ltrr_opensearch.logged import Judgment

COLUMNS = 4


def read(text: str, name: str, topics: Mapping[str, str], *, others: bool = False) -> Iterator[Line]:
    """A grade below 0 marks junk, and counts as 0. `others`: topics that are not known are left out, else refused."""
    for n, line in enumerate(text.split("\n"), start=1):
        parts, place = line.split(), f"{name}, line {n}"
        if not parts:
            continue
        if len(parts) != COLUMNS:
            raise DataError(f"{place}: {len(parts)} columns in {line!r}; a line of qrels is: topic 0 document grade")
        if parts[0] not in topics:
            if others:
                continue
            raise DataError(f"{place}: topic {parts[0]!r} is not among the {len(topics)} topics; give its query there")
        yield judged(place, topics[parts[0]], parts[2], max(0.0, _signed(place, parts[3])))


def _signed(place: str, grade: str) -> float:
    return -number(place, "grade", grade[1:]) if grade.startswith("-") else number(place, "grade", grade)


def write(judgments: Sequence[Judgment], topics: Mapping[str, str]) -> str:
    topic_of = {query: topic for topic, query in topics.items()}
    for one in judgments:
        if one.id.split() != [one.id]:
            raise DataError(
                f"document {one.id!r} of query {one.query!r} has a space in its id, which qrels cannot hold"
            )
    return "".join(f"{topic_of[j.query]} 0 {j.id} {round(j.grade)}\n" for j in judgments)


def numbered(judgments: Sequence[Judgment]) -> dict[str, str]:
    """Topics for the queries, numbered from 1 as they come."""
    return {str(n): query for n, query in enumerate(dict.fromkeys(j.query for j in judgments), start=1)}


def read_topics(text: str, name: str) -> dict[str, str]:
    """CSV with the columns `topic` and `query`, or a topic, a tab and its query in each line."""
    if text.lstrip("\ufeff").splitlines()[:1] == ["topic,query"]:
        pairs = [(row["topic"], row["query"]) for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))]
    else:
        pairs = []
        for n, line in enumerate(text.split("\n"), start=1):
            topic, tab, query = line.partition("\t")
            if not tab and line.strip():
                raise DataError(f"{name}, line {n}: no tab in {line!r}; give a topic, a tab and its query")
            pairs += [(topic, query)] if tab else []
    return {topic.strip(): query.strip() for topic, query in pairs}


def write_topics(topics: Mapping[str, str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([("topic", "query"), *topics.items()])
    return out.getvalue()
