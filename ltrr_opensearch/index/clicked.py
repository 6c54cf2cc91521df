"""Degrees learned from use: whom people took when they asked for a group, as further documents that tell.

The memory says what was acted upon for "rock", "rock artists", "rock songs": in its scores what is long ago weighs less
than what came since, what is passed over sinks, and what too few people did is not there (docs/memory.md). A degree
that clicks raised goes with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import log2

from opensearchpy import OpenSearch

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.members import Pair
from ltrr_opensearch.knowledge.memory import SAME_WORDS, Memory
from ltrr_opensearch.normalise import tokenize
from ltrr_opensearch.relation_settings import Degree
from ltrr_opensearch.types import Json

MOST_ASKED_FOR = 1000
"""Groups whose queries are looked up, those of most documents first."""
WORTH = 5.0
"""Documents that a memory score of 1 counts as: an artist of twenty songs is moved by clicks, not turned by one."""
_PAGE = 500

Acted = Mapping[str, Mapping[str, float]]
"""Id of what was acted upon -> key of the group that was asked for -> score."""


def clicked(client: OpenSearch, index: str, settings: IndexSettings, memory: Memory) -> dict[Pair, float]:
    """By degree, member and group, as how many documents what people did counts."""
    found: defaultdict[Pair, float] = defaultdict(float)
    entities = settings.entities
    for degree in entities.degrees if entities and len(memory) else ():
        assert entities is not None
        acted = _acted(entities, degree, _groups(client, index, entities, degree), memory)
        for id, member in _members(client, index, settings, degree, list(acted)):
            for group, score in acted[id].items():
                found[degree.name, member, group] += WORTH * score
    return dict(found)


def roughly(clicks: Mapping[Pair, float]) -> list[tuple[Pair, int]]:
    """What changes when clicks change much: by half an octave, so that their slow fading makes nothing anew."""
    return sorted((pair, round(2 * log2(1 + documents))) for pair, documents in clicks.items())


def _groups(client: OpenSearch, index: str, entities: EntitySettings, degree: Degree) -> Iterator[tuple[str, str]]:
    """(name, key) of what can be asked for."""
    field, key = entities.name_fields(degree.to)[0], entities.key(entities.told_by(degree).by)
    aggregation: Json = {"terms": {"field": field, "size": MOST_ASKED_FOR}}
    aggregation["aggs"] = {"keys": {"terms": {"field": key, "size": 1}}}
    query = {"term": {entities.type_field: degree.to}}
    body: Json = {"size": 0, "track_total_hits": False, "query": query, "aggs": {"names": aggregation}}
    for bucket in client.search(index=index, body=body)["aggregations"]["names"]["buckets"]:
        yield from ((str(bucket["key"]), str(of["key"])) for of in bucket["keys"]["buckets"])


def _acted(entities: EntitySettings, degree: Degree, groups: Iterable[tuple[str, str]], memory: Memory) -> Acted:
    """Of several queries for a group the one that an entity worked best for counts."""
    brings = entities.told_by(degree).by.brings
    words = ["", *(word for type in (degree.of, brings) if (one := entities.of(type)) for word in one.called)]
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for name, key in groups:
        for word in words:
            for id, score in _worked(memory, f"{name} {word}"):
                found[id][key] = max(score, found[id].get(key, 0.0))
    return found


def _worked(memory: Memory, query: str) -> Iterator[tuple[str, float]]:
    for remembered in memory.near(" ".join(tokenize(query)), None):
        if remembered.similarity >= SAME_WORDS:
            yield from ((one.id, one.score) for one in remembered.entities if not one.predicted)


def _members(
    client: OpenSearch, index: str, settings: IndexSettings, degree: Degree, ids: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """(one of the ids, key of the member that its document is or belongs to)."""
    assert settings.entities is not None
    entities, named_by = settings.entities, settings.named_by
    through = entities.told_by(degree).through
    key_of = {degree.of: entities.key(through), through.brings: through.field}
    fields = [entities.type_field, *key_of.values(), *([named_by] if named_by else [])]
    for start in range(0, len(ids), _PAGE):
        some = list(ids[start : start + _PAGE])
        query: Json = {"terms": {named_by: some}} if named_by else {"ids": {"values": some}}
        body: Json = {"size": 10_000, "_source": False, "fields": fields, "query": {"bool": {"filter": query}}}
        for hit in client.search(index=index, body=body)["hits"]["hits"]:
            told = hit.get("fields", {})
            names = {str(value) for value in told.get(named_by, ())} if named_by else {hit["_id"]}
            members = (key for type in told.get(entities.type_field, ()) for key in told.get(key_of.get(type, ""), ()))
            keys = tuple(dict.fromkeys(map(str, members)))
            yield from ((id, key) for id in some if id in names for key in keys)
