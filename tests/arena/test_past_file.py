"""A shop's own clicks, from a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ltrr_opensearch.arena.past_file import digest, read_past_file
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import Asker

CSV = """time,query,id,user,query_id,action
2026-01-02T10:00:05,red shoes,7,ann,q1,click
2026-01-02T10:01:00Z,red shoes,9,ann,q1,purchase
2026-01-01T09:00:00+01:00,hat,,bob,,
"""
LINES = (
    '{"timestamp": "2026-01-02T10:00:05", "user_query": "red shoes", "object_id": 7, "user_id": "ann"}\n'
    '{"time": "2026-01-01T08:00:00Z", "query": "hat", "id": ""}\n'
)


def test_rows_are_searches_with_what_followed(tmp_path: Path) -> None:
    file = tmp_path / "clicks.csv"
    file.write_text(CSV)
    hat, shoes = read_past_file(file)
    assert (hat.at, hat.text, hat.asker, hat.events) == (datetime(2026, 1, 1, 8, tzinfo=UTC), "hat", Asker("bob"), ())
    assert (shoes.query_id, shoes.at) == ("q1", datetime(2026, 1, 2, 10, 0, 5, tzinfo=UTC))
    assert [(e.action, e.object_id, e.user) for e in shoes.events] == [("click", "7", "ann"), ("purchase", "9", "ann")]
    assert digest(file) == digest(file)


def test_json_lines_may_name_columns_as_ubi_does(tmp_path: Path) -> None:
    file = tmp_path / "clicks.jsonl"
    file.write_text(LINES)
    hat, shoes = read_past_file(file)
    assert (hat.text, hat.events) == ("hat", ())
    assert [(e.action, e.object_id, e.user) for e in shoes.events] == [("click", "7", "ann")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", '{"time": "2026-01-01", "query": "hat"}\n{"time": "2026-01-02", "query": "hat", "id": null}\n'),
        ("a.csv", "time,query,id\n2026-01-01,hat\n2026-01-02,hat,\n"),
    ],
)
def test_a_search_that_led_to_nothing_has_no_id(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert [(one.text, one.events) for one in read_past_file(tmp_path / name)] == [("hat", ())] * 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("query,id\nhat,7\n", "no time (there are: query, id)"),
        ("time,query,sku\n2026-01-01,hat,7\n", "no id (there are: time, query, sku)"),
        ("time,query,id\nyesterday,hat,7\n", "line 2: time 'yesterday' is none; write it like"),
        ("time,query,id\n", "holds no searches"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "clicks.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=says.replace("(", r"\(").replace(")", r"\)")):
        read_past_file(file)
