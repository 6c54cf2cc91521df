"""What an application does with its cluster, as one list of steps that the synchronous and asynchronous client walk."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from opensearchpy import AsyncOpenSearch, OpenSearch
from opensearchpy.exceptions import TransportError

Step = tuple[str, dict[str, Any]]
MATCH = {"match": {"title": "red shoe"}}
AGGREGATED = {
    "query": MATCH,
    "size": 30,
    "aggs": {"p": {"terms": {"field": "price"}}},
    "highlight": {"fields": {"title": {}}},
}
TEMPLATE = {"source": {"query": {"term": {"price": "{{p}}"}}}, "params": {"p": 3}}
VARYING = ("took", "_scroll_id", "pit_id", "creation_time", "_shards")


def documents(index: str) -> list[dict[str, Any]]:
    titles = ("red shoe", "blue boot", "red hat", "green shoe")
    lines: list[dict[str, Any]] = []
    for n in range(20):
        lines += [{"index": {"_index": index, "_id": str(n)}}, {"title": titles[n % 4], "price": n % 5, "n": n}]
    return lines


def steps(index: str) -> Generator[Step, Any, None]:
    properties = {"title": {"type": "text"}, "price": {"type": "integer"}, "n": {"type": "integer"}}
    shards = {"number_of_shards": 1, "number_of_replicas": 0}
    yield "indices.create", {"index": index, "body": {"settings": shards, "mappings": {"properties": properties}}}
    yield "index", {"index": index, "id": "a/ö", "body": {"title": "größe", "price": 9, "n": 99}}
    yield "bulk", {"body": documents(index), "params": {"refresh": "true"}}
    yield "get", {"index": index, "id": "a/ö"}
    yield "exists", {"index": index, "id": "none"}
    yield "search", {"index": index, "body": AGGREGATED}
    yield "search", {"index": index, "body": {"query": {"match_all": {}}, "sort": ["n"], "size": 3}}
    page = yield "search", {"index": index, "body": {"size": 8, "sort": ["n"]}, "params": {"scroll": "1m"}}
    for _ in range(2):
        page = yield "scroll", {"body": {"scroll": "1m", "scroll_id": page["_scroll_id"]}}
    yield "clear_scroll", {"scroll_id": page["_scroll_id"]}
    pit = (yield "create_pit", {"index": index, "params": {"keep_alive": "1m"}})["pit_id"]
    yield "search", {"body": {"pit": {"id": pit}, "size": 4, "sort": [{"n": "asc"}], "search_after": [5]}}
    yield "delete_pit", {"body": {"pit_id": [pit]}}
    yield "search_template", {"index": index, "body": TEMPLATE}
    searches = [{"index": index}, {"query": {"term": {"price": 2}}, "sort": ["n"]}, {"index": index + "_no"}, {}]
    yield "msearch", {"body": searches}
    yield "count", {"index": index, "body": {"query": MATCH}}
    yield "get", {"index": index, "id": "none"}
    yield "search", {"index": index, "body": {"query": {"mtach": {"title": "red"}}}}
    yield "update", {"index": index, "id": "1", "body": {"doc": {"price": 7}}}
    yield "delete_by_query", {"index": index, "body": {"query": {"term": {"price": 4}}}, "params": {"refresh": "true"}}
    yield "indices.delete", {"index": index}


def called(client: Any, name: str) -> Any:
    for part in name.split("."):
        client = getattr(client, part)
    return client


def failed(error: TransportError) -> dict[str, Any]:
    return {"failed": error.status_code, "as": error.error}


def walk(url: str, index: str, headers: dict[str, str]) -> list[Any]:
    walking, got, answer = steps(index), list[Any](), None
    with OpenSearch(url, headers=headers, http_compress=True) as client:
        while True:
            try:
                name, arguments = walking.send(answer)
            except StopIteration:
                return [comparable(g, index) for g in got]
            try:
                answer = called(client, name)(**arguments)
            except TransportError as error:
                answer = failed(error)
            got.append(answer)


async def walk_async(url: str, index: str, headers: dict[str, str]) -> list[Any]:
    walking, got, answer = steps(index), list[Any](), None
    async with AsyncOpenSearch(url, headers=headers) as client:
        while True:
            try:
                name, arguments = walking.send(answer)
            except StopIteration:
                return [comparable(g, index) for g in got]
            try:
                answer = await called(client, name)(**arguments)
            except TransportError as error:
                answer = failed(error)
            got.append(answer)


def comparable(answer: Any, index: str) -> Any:
    """Without what differs from one time to the next, and with one name for the index."""
    if isinstance(answer, dict):
        return {key: comparable(value, index) for key, value in answer.items() if key not in VARYING}
    if isinstance(answer, list):
        return [comparable(value, index) for value in answer]
    return answer.replace(index, "INDEX") if isinstance(answer, str) else answer
