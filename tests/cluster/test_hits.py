"""Answers whose hits are parsed one by one say what they say when parsed as a whole."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ltrr_opensearch.cluster.hits import Hits, answer
from ltrr_opensearch.types import Json

TRAP = '"},{"_index":"x","sort":[1,"b"]}'


def response(sources: list[Any], sorts: list[Any], **more: Any) -> str:
    hits = [
        {"_index": "log", "_id": str(i), "_score": None, "_source": source, "sort": sort}
        for i, (source, sort) in enumerate(zip(sources, sorts, strict=True))
    ]
    return orjson.dumps({"took": 1, "hits": {"max_score": None, "hits": hits}, **more}).decode()


def test_hits_are_those_of_the_whole_answer() -> None:
    sources: list[Json] = [{"a": TRAP, TRAP: "\\", "b": [{"c": "é"}, {}]}, {}, {"sort": [1, "x"]}]
    text = response(sources, [[3, TRAP], [2, "b\\"], [1, ""]])
    found, whole = answer(text, orjson.loads), orjson.loads(text)
    hits = found["hits"]["hits"]
    assert isinstance(hits, Hits)
    assert list(hits) == whole["hits"]["hits"]
    assert hits.sorts == [[3, TRAP], [2, "b\\"], [1, ""]]
    assert [hit["_source"] for hit in hits[1:]] == sources[1:]
    assert hits[1:].sorts == hits.sorts[1:]
    assert found["took"] == 1


def test_nothing_is_parsed_until_it_is_looked_at() -> None:
    parsed: list[str] = []

    def parse(text: str) -> Any:
        parsed.append(text)
        return orjson.loads(text)

    hits = answer(response([{"n": 1}, {"n": 2}], [[1, "a"], [2, "b"]]), parse)["hits"]["hits"]
    assert len(parsed) == 1
    assert hits[1]["_source"] == {"n": 2}
    assert len(parsed) == 2


@pytest.mark.parametrize(
    "text",
    [
        response([{"inner": [{"a": 1}, {"_index": "log"}]}, {}], [[1, "a"], [2, "b"]]),
        response([{"inner": [{"sort": [1, "x"]}, {"_index": "y"}]}, {}], [[1, "a"], [2, "b"]]),
        response([{"inner": [{"sort": [1, "x"]}, {"_index": "y", "_id": "z", "_score": 1.5}]}], [[1, "a"]]),
        orjson.dumps({"failures": [{"hits": [{"_index": "log"}]}], "hits": {"hits": [{"sort": [1, "a"]}]}}).decode(),
        response([{}, {}], [[1], [2]]),
        response([{}, {}], [[1, "a"], [None, "b"]]),
        response([{}], [[1, "a"]], aggregations={"n": {"value": 1}}),
        response([], []),
        '{"count":3}',
    ],
    ids=[
        "objects alike inside of a document",
        "behind what looks like the end of a hit",
        "the same, and more alike",
        "hits of something else before them",
        "another order",
        "no time",
        "more behind the hits",
        "no hits",
        "no search",
    ],
)
def test_an_answer_of_another_kind_is_parsed_as_a_whole(text: str) -> None:
    assert answer(text, orjson.loads) == orjson.loads(text)
