"""Asks a cluster what assessing needs, as our account and read-only: searches, mappings, statistics, releases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException, RequestError

from ltrr_opensearch.arena.record import Recorder, Template
from ltrr_opensearch.arena.recording import Recording
from ltrr_opensearch.build_serving import ServingBuilder
from ltrr_opensearch.cluster.headers import own_account
from ltrr_opensearch.cluster.upstream import Reply, Upstream
from ltrr_opensearch.errors import ClusterError, DataError
from ltrr_opensearch.hypotheses.published import domain_of
from ltrr_opensearch.index.publish import setup_parts
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.rank.feature_sets import TEXT, fill
from ltrr_opensearch.release.store import Release, ReleaseStore
from ltrr_opensearch.retrieve.sending import Sender
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Headers, Json, Vector

Said = TypeVar("Said")
"""What a judgment says of a document: its grade, or all of it."""

KNOWLEDGE = ("memory", "gazetteer", "aggregates", "terms")
"""Parts that strategies ask with, beside weights of readings; neither policy nor ranker matters where all are asked."""
NAMED_AT_ONCE = 1000
MOST_HITS = 10_000
"""Of one answer: index.max_result_window as it is where nobody changed it."""
NO_VALUE = "failed to create query"
"""What the cluster says of a value that a field cannot have."""
LINKS = 16
"""m of HNSW, OpenSearch's default."""


@dataclass(frozen=True, slots=True)
class AsUs:
    """Searches in nobody's name but ours: there is no client whose permissions could be used."""

    sender: Sender
    account: Headers

    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply:
        return await self.sender.send(method, target, (*self.account, *headers), body)


def serving_for(
    settings: Settings, key: str, client: OpenSearch, encoder: Encoder | None, *, featured: bool = False
) -> tuple[Serving, tuple[str, ...]]:
    """The strategies with what is known, and in words what is left out. Where nothing was set up yet, the values of the
    index's fields are read into memory as set-up would.

    `featured`: whether candidates' features are read, too, which costs the cluster a request a search.
    """
    index = settings.indexes[key]
    current = ReleaseStore(client, settings.state.prefix).current(key)
    parts = dict(current.parts) if current else {}
    said = []
    if "gazetteer" not in parts and index.read_as:
        parts |= {k: p for k, p in setup_parts(client, key, index, datetime.now(UTC)).items() if k == "gazetteer"}
        said.append("slot values were read from the index, as `ltrr setup` would publish them")
    knowing = {kind: part for kind, part in parts.items() if kind in KNOWLEDGE or domain_of(kind)}
    made = ServingBuilder(settings, client, encoder).of_release(Release("assess", key, datetime.now(UTC), knowing))
    uses = {s.use for s in index.strategies}
    if "q2e" in uses and not len(made.knowledge.memory):
        said.append("q2e has nothing to ask: no searches are remembered yet (`ltrr learn memory`)")
    elif "q2e" in uses:
        said.append("q2e remembers earlier searches: where their clicks judge, it is asked what it was told")
    if "knn" in uses and index.vector is None:
        said.append("knn is left out: the index has no `vector` section")
    elif "knn" in uses and encoder is None:
        said.append("knn has nothing to ask: no encoder is configured (encoder.model)")
    if featured:
        return made, tuple(said)
    return replace(made, logged=replace(made.logged, features=made.logged.features.only(()))), tuple(said)


def template_of(body: Json | None, index: IndexSettings) -> Template:
    """The application's search for a text; without its own, a multi_match over the configured text fields."""
    if body is None:
        fields = [f"{name}^{boost:g}" for name, boost in index.text_fields.items()]
        body = {"query": {"multi_match": {"query": TEXT, "fields": fields}}}
    elif TEXT not in str(body):
        raise DataError(f"the template has no {TEXT} where the query's words go")
    kept = body
    return lambda text: dict(fill(kept, text, None))


def by_id(
    client: OpenSearch, key: str, field: str | None, grades: Mapping[str, Mapping[str, Said]]
) -> dict[str, dict[str, Said]]:
    """Judgments by `_id`, of objects that are named by a field; what no document is named is left out."""
    if field is None:
        return {q: dict(of) for q, of in grades.items()}
    ids = ids_of(client, key, field, {name for of in grades.values() for name in of})
    return {q: {id: g for name, g in of.items() for id in ids.get(name, ())} for q, of in grades.items()}


def ids_of(client: OpenSearch, key: str, field: str | None, objects: Iterable[str]) -> dict[str, list[str]]:
    """`_id`s of the documents of objects, by the names that events use; of those that the index has."""
    names = sorted(set(objects))
    ids: dict[str, dict[str, None]] = {}
    for start in range(0, len(names), NAMED_AT_ONCE):
        some = names[start : start + NAMED_AT_ONCE]
        for hit in _named(client, key, field, some):
            for name in set(map(str, hit["fields"][field])) & set(some) if field else (hit["_id"],):
                ids.setdefault(name, {})[hit["_id"]] = None  # once, though it may come with another of its names
    return {name: list(of) for name, of in ids.items()}


def _named(client: OpenSearch, key: str, field: str | None, names: Sequence[str]) -> list[Json]:
    """Hits of objects: of fewer at once where they have more documents than an answer holds, or where some name is
    refused; what cannot be a value of the field, like letters where it holds numbers, names none.
    """
    query: Json = {"terms": {field: list(names)}} if field else {"ids": {"values": list(names)}}
    body: Json = {"size": MOST_HITS, "query": query, "_source": False, "docvalue_fields": [field] if field else []}
    try:
        hits: list[Json] = client.search(index=key, body=body)["hits"]["hits"]
    except RequestError as error:
        if NO_VALUE not in str(error):
            raise
        if len(names) == 1:
            return []
    else:
        if len(hits) < MOST_HITS or len(names) == 1:
            return hits
    half = len(names) // 2
    return _named(client, key, field, names[:half]) + _named(client, key, field, names[half:])


async def recorded(
    settings: Settings,
    serving: Serving,
    template: Template,
    queries: Sequence[str],
    vectors: Mapping[str, Vector],
    done: Callable[[int], None],
) -> Recording:
    upstream = Upstream(settings.cluster)
    await upstream.open()
    try:
        sender = AsUs(upstream, own_account(settings.cluster))
        depth = max(serving.choose.ladder)
        return await Recorder(sender, serving, serving.key, template, depth, vectors).record(queries, done)
    finally:
        await upstream.close()


def storage(client: OpenSearch, key: str, index: IndexSettings) -> Json:
    """What the index holds, and what vectors add: 1.1 x (4 x dimension + 8 x m) bytes each in memory
    (docs.opensearch.org, k-NN index, memory estimation), 4 x dimension on disk beside the graph.
    """
    try:
        found: Any = client.indices.stats(index=key, metric="docs,store")["_all"]["primaries"]
    except OpenSearchException as error:
        raise ClusterError(f"cannot read the statistics of {key!r}: {error}") from error
    documents, told = found["docs"]["count"], {}
    if index.vector:
        each = 4 * index.vector.dimension + 8 * LINKS
        told = {"vector_memory_bytes": round(1.1 * documents * each), "vector_disk_bytes": documents * each}
    return {"documents": documents, "store_bytes": found["store"]["size_in_bytes"], **told}
