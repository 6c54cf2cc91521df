"""JSON lines of `query`, `id`, `grade` and perhaps `weight`: the only form that says how sure a grade is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.judgment_lists.places import Line, judged
from ltrr_opensearch.logged import Judgment

NEEDED = ("query", "id", "grade")


def read(text: str, name: str, _topics: Mapping[str, str]) -> Iterator[Line]:
    for n, line in enumerate(text.split("\n"), start=1):
        place = f"{name}, line {n}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{place}: no JSON ({error}); give one object a line") from error
        if not isinstance(row, dict) or (lacking := [k for k in NEEDED if k not in row]):
            what = f"no {', '.join(lacking)}" if isinstance(row, dict) else "not an object"
            raise DataError(f"{place}: {what} in {line[:80]!r}; needed: {', '.join(NEEDED)}, perhaps weight")
        yield judged(place, row["query"], row["id"], row["grade"], row.get("weight", 1.0))


def write(judgments: Sequence[Judgment], _topics: Mapping[str, str]) -> str:
    rows = ({"query": j.query, "id": j.id, "grade": j.grade, "weight": j.weight} for j in judgments)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
