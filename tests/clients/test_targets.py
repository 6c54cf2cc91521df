"""Aliases, patterns, lists, exclusions and data streams on a real node: engaged where the answer is right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from opensearchpy import OpenSearch

from tests.proxy.listening import Response, call

QUERY = {"query": {"match": {"title": "red shoe"}}, "size": 50, "aggs": {"p": {"terms": {"field": "price"}}}}
MAPPING = {"properties": {"title": {"type": "text"}, "price": {"type": "integer"}, "@timestamp": {"type": "date"}}}
SHARDS = {"number_of_shards": 1, "number_of_replicas": 0}
DAY = "2026-11-21T00:00:00Z"


@pytest.fixture(scope="module")
def made(client: OpenSearch) -> Iterator[str]:
    """The end of all names: indexes `..._one` and `..._two`, aliases, a data stream."""
    end = uuid4().hex[:8]
    names = [f"c_cl_on_{kind}_{end}" for kind in ("one", "two")]
    for number, name in enumerate(names):
        client.indices.create(index=name, body={"settings": SHARDS, "mappings": MAPPING})
        _fill(client, name, "index", number * 10)
    few = {"filter": {"term": {"price": 1}}}
    client.indices.put_alias(index=names[0], name=f"c_cl_on_alias_{end}")
    client.indices.put_alias(index=names[0], name=f"c_cl_on_few_{end}", body=few)
    client.indices.put_alias(index=names[0], name=f"c_cl_other_{end}")
    template = {"index_patterns": [f"c_cl_on_stream_{end}"], "data_stream": {}, "priority": 500}
    body = template | {"template": {"settings": SHARDS, "mappings": MAPPING}}
    client.indices.put_index_template(name=f"c_cl_{end}", body=body)
    _fill(client, f"c_cl_on_stream_{end}", "create", 0)
    yield end
    client.indices.delete_data_stream(name=f"c_cl_on_stream_{end}")
    client.indices.delete_index_template(name=f"c_cl_{end}")
    client.indices.delete(index=f"c_cl_*_{end}")


def _fill(client: OpenSearch, name: str, action: str, first: int) -> None:
    lines: list[dict[str, Any]] = []
    for n in range(first, first + 10):
        title = "red shoe" if n % 2 else "red hat"
        lines += [{action: {"_id": str(n)}}, {"title": title, "price": n % 3, "@timestamp": DAY}]
    answer = client.bulk(index=name, body=lines, params={"refresh": "true"})
    assert not answer["errors"]


def found(answer: Response) -> dict[str, Any]:
    hits = answer.json["hits"]
    return {
        "total": hits["total"],
        "aggregations": answer.json["aggregations"],
        "hits": {(hit["_index"], hit["_id"]): hit["_source"] for hit in hits["hits"]},
    }


@pytest.mark.parametrize(
    ("target", "engaged"),
    [
        ("c_cl_on_one_{end}", True),
        ("c_cl_on_alias_{end}", True),
        ("c_cl_on_few_{end}", True),
        ("c_cl_on_stream_{end}", True),
        ("c_cl_on_*_{end}", True),
        ("c_cl_on_one_{end},c_cl_on_two_{end}", True),
        ("c_cl_on_*_{end},-c_cl_on_two_{end}", True),
        ("c_cl_other_{end}", False),
        ("c_cl_on_one_{end},c_cl_other_{end}", False),
        ("c_cl_*_{end}", False),
    ],
)
def test_the_answer_holds_what_the_expression_means(
    node: Any, proxy: str, made: str, target: str, engaged: bool
) -> None:
    path = f"/{target.replace('{end}', made)}/_search"
    straight = call(node.url, "POST", path, orjson.dumps(QUERY))
    through = call(proxy, "POST", path, orjson.dumps(QUERY))
    assert ("x-ltrr" in through.headers) == engaged
    assert straight.json["hits"]["total"]["value"] > 0
    assert found(through) == found(straight)
