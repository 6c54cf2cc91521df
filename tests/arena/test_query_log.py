"""Logs and judgments in the forms that people have them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ltrr_opensearch.arena.query_log import QueryLog, read_grades, read_log
from ltrr_opensearch.errors import DataError


@pytest.fixture
def written(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(name: str, text: str) -> Path:
        file = tmp_path / name
        file.write_text(text)
        return file

    return write


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("q.txt", "red shoes\n\nhat\nred shoes\n"),
        ("q.csv", "query,count\nred shoes,2\nhat,1\n"),
        ("q.jsonl", '{"query": "red shoes"}\n{"user_query": "red shoes"}\n{"query": "hat", "count": 1}\n'),
    ],
)
def test_the_same_log_in_three_forms(name: str, text: str, written) -> None:  # type: ignore[no-untyped-def]
    assert read_log(written(name, text)).counts == Counter({"red shoes": 2, "hat": 1})


def test_judgments_clicks_and_qrels(written) -> None:  # type: ignore[no-untyped-def]
    log = read_log(written("q.csv", "query_id,query\n7,red shoes\n"))
    assert read_grades(written("j.csv", "query,id,grade\nred shoes,a,3\n"), log.topics) == {"red shoes": {"a": 3.0}}
    clicks = read_grades(written("c.csv", "query,id\nred shoes,a\nred shoes,a\n"), log.topics)
    assert clicks == {"red shoes": {"a": 2.0}}
    assert read_grades(written("x.qrels", "7 0 a 1\n8 0 b 1\n"), log.topics) == {"red shoes": {"a": 1.0}}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("q.txt", "\n", "holds no queries"),
        ("q.csv", "text\nhat\n", "line 2: no `query` .there are: text.; name the column query"),
        ("q.csv", "query,count\nhat,many\n", "line 2: count 'many' is no number"),
        ("q.jsonl", "{", "line 1: no JSON"),
        ("q.jsonl", "[1]", "line 1: not an object"),
    ],
)
def test_a_log_that_is_none_is_told_where(name: str, text: str, says: str, written) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=says):
        read_log(written(name, text))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("j.csv", "query,doc\nhat,1\n", "line 1: no column docid, rating"),
        ("j.qrels", "1 a 1\n", "line 1: 3 columns"),
        ("j.csv", "query,id,grade\nhat,1,0\n", "none of 1 judgments is above 0"),
        ("j.csv", "query,id,grade\nhat,1,-1\n", "line 2: rating '-1' is below 0"),
    ],
)
def test_judgments_that_are_none_are_told_where(name: str, text: str, says: str, written) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=says):
        read_grades(written(name, text), {})


def test_a_sample_is_drawn_as_people_ask() -> None:
    log = QueryLog(Counter({"often": 900, "seldom": 100}))
    drawn = log.sample(200, seed=1)
    assert sum(drawn.values()) == 200
    assert 160 < drawn["often"] < 200
    assert drawn == log.sample(200, seed=1)
    assert log.sample(1000, seed=1) == log.counts
