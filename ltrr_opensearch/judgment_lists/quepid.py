"""Quepid's "basic" CSV: `query,docid,rating`, one line a rating; further columns are left alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.judgment_lists.places import Line, judged
from ltrr_opensearch.logged import Judgment

HEADER = ("query", "docid", "rating")
SPELLINGS: Mapping[str, str] = {"doc_id": "docid", "id": "docid", "grade": "rating"}
"""Other names of the columns."""


def read(text: str, name: str, _topics: Mapping[str, str]) -> Iterator[Line]:
    """Documents that nobody has rated yet, whose rating is empty, are left out."""
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    try:
        header = [SPELLINGS.get(cell := raw.strip().lower(), cell) for raw in next(rows, [])]
        if lacking := [column for column in HEADER if column not in header]:
            had = ", ".join(header) or "nothing"
            raise DataError(f"{name}, line 1: no column {', '.join(lacking)}; needed: {', '.join(HEADER)}; got: {had}")
        query, id, rating = (header.index(column) for column in HEADER)
        for row in rows:
            place = f"{name}, line {rows.line_num}"
            if row and len(row) != len(header):
                raise DataError(f"{place}: {len(row)} columns, the header has {len(header)}; quote what holds a comma")
            if row and row[rating].strip():
                yield judged(place, row[query], row[id], row[rating])
    except csv.Error as error:
        raise DataError(f"{name}, line {rows.line_num}: no CSV ({error})") from error


def write(judgments: Sequence[Judgment], _topics: Mapping[str, str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([HEADER, *((j.query, j.id, round(j.grade)) for j in judgments)])
    return out.getvalue()
