"""Reading what changed: the documents of one shard in the order of their sequence numbers.

Every write of a document, ours or the application's, gives it a higher `_seq_no` in its shard. So "up to here all is
done" is one number a shard, and a document that is written while we work comes along again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from opensearchpy import OpenSearch

from ltrr_opensearch.types import Json


@dataclass(frozen=True, slots=True)
class Shard:
    index: str
    """The concrete index."""
    uuid: str
    number: int

    @property
    def key(self) -> str:
        """Names it across renamings and re-creations."""
        return f"{self.uuid}:{self.number}"


@dataclass(frozen=True, slots=True)
class Document:
    index: str
    id: str
    routing: str | None
    seq_no: int
    primary_term: int
    source: Mapping[str, Any]
    has_vector: bool


def shards_of(client: OpenSearch, expression: str) -> list[Shard]:
    """All shards behind a name, an alias or a pattern."""
    found = client.indices.get(index=expression, flat_settings=True)
    return [
        Shard(name, body["settings"]["index.uuid"], number)
        for name, body in sorted(found.items())
        for number in range(int(body["settings"]["index.number_of_shards"]))
    ]


def is_filtered(client: OpenSearch, expression: str) -> bool:
    """Whether a name is an alias that shows some documents only: what is read shard by shard does not know of it."""
    found = client.indices.get(index=expression, params={"filter_path": "*.aliases"})
    named = expression.split(",")
    aliases = (alias for body in found.values() for alias in body["aliases"].items())
    return any("filter" in alias and any(fnmatchcase(name, one) for one in named) for name, alias in aliases)


def highest(client: OpenSearch, shard: Shard) -> int:
    """The highest sequence number that a search of the shard sees; -1 for an empty one."""
    body = {"size": 0, "aggs": {"highest": {"max": {"field": "_seq_no"}}}}
    answer = client.search(index=shard.index, body=body, params={"preference": f"_shards:{shard.number}"})
    value = answer["aggregations"]["highest"]["value"]
    return -1 if value is None else int(value)


def count(client: OpenSearch, shard: Shard, after: int, upto: int) -> int:
    """Documents whose last write lies in (after, upto]."""
    body = {"query": _between(after, upto)}
    return int(client.count(index=shard.index, body=body, params={"preference": f"_shards:{shard.number}"})["count"])


def changed(
    client: OpenSearch, shard: Shard, after: int, upto: int, fields: Sequence[str], vector: str | None, page: int
) -> Iterator[list[Document]]:
    """Those documents, page by page in the order of their last write, with `fields` of their source.

    `vector`: the field that `has_vector` tells of.
    """
    has: Json = {"should": {"exists": {"field": vector, "_name": "vector"}}} if vector else {}
    for hits in written(client, shard, after, upto, {"_source": list(fields)}, page, has):
        yield [_document(hit) for hit in hits]


def written(
    client: OpenSearch,
    shard: Shard,
    after: int,
    upto: int,
    read: Mapping[str, Any],
    page: int,
    further: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[list[Json]]:
    """The hits of documents whose last write lies in (after, upto], in the order of their writes.

    `read` says what of them: `_source`, `fields`, ...; `further` are more parts of the query.
    """
    while after < upto:
        body: Json = {
            "size": page,
            "seq_no_primary_term": True,
            "track_total_hits": False,
            "sort": ["_seq_no"],
            "query": {"bool": {"filter": _between(after, upto), **further}},
            **read,
        }
        answer = client.search(index=shard.index, body=body, params={"preference": f"_shards:{shard.number}"})
        hits: list[Json] = answer["hits"]["hits"]
        if not hits:
            return
        yield hits
        after = int(hits[-1]["_seq_no"])


def _between(after: int, upto: int) -> Json:
    return {"range": {"_seq_no": {"gt": after, "lte": upto}}}


def _document(hit: Json) -> Document:
    return Document(
        index=hit["_index"],
        id=hit["_id"],
        routing=hit.get("_routing"),
        seq_no=hit["_seq_no"],
        primary_term=hit["_primary_term"],
        source=hit.get("_source", {}),
        has_vector="vector" in hit.get("matched_queries", ()),
    )
