"""The memory in the cluster: `{prefix}_memory` is brought up to date, then packed as the snapshot that proxies load.

Each document says which run counted in it last, so a run that is repeated counts nothing twice.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nlargest
from math import inf

import numpy as np
from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError
from opensearchpy.helpers import scan

from ltrr_opensearch.errors import ClusterError, Conflict, DataError
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.learn.memory import Counting, Entry, amended, brought, fold, foresee, from_document, to_document
from ltrr_opensearch.logged import Round, is_whole
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import EntityScore, Json, Vector

BATCH = 500
ATTEMPTS = 5
Scored = tuple[EntityScore, ...]
Change = Callable[[str, Entry | None], Entry | None]
"""(query, its entry as it is) -> the entry as it shall be; None leaves it."""


class MemoryStore:
    def __init__(self, client: OpenSearch, settings: Settings, index: str) -> None:
        self._client, self._name, self._index = client, f"{settings.state.prefix}_memory", index
        self._learn, self._counting = settings.learn, Counting.of(settings.learn, settings.state)

    def count_in(
        self,
        rounds: Sequence[Round],
        examination: Sequence[float],
        run: str,
        counts: Counter[str],
    ) -> None:
        """Add rounds to the documents of their queries."""
        by_query = rounds_by_query(rounds)

        def counted(query: str, entry: Entry | None) -> Entry | None:
            return (
                None if entry and entry.run == run else fold(entry, by_query[query], examination, self._counting, run)
            )

        counts["queries counted for the memory"] += self._change(sorted(by_query), counted, counts)

    def bring(self, rounds: Sequence[Round], examination: Sequence[float], run: str, counts: Counter[str]) -> None:
        """Add what was searched before us; a run that is repeated counts nothing twice here either."""
        by_query = rounds_by_query(rounds)

        def counted(query: str, entry: Entry | None) -> Entry | None:
            if entry and entry.past == run:
                return None
            return brought(entry, by_query[query], examination, self._counting, run)

        counts["queries counted for the memory"] += self._change(sorted(by_query), counted, counts)

    def amend(
        self, late: Sequence[tuple[Round, Round]], examination: Sequence[float], run: str, counts: Counter[str]
    ) -> None:
        """Correct documents by what has become known of their searches: (as they were counted, as they are now)."""
        by_query: defaultdict[str, list[tuple[Round, Round]]] = defaultdict(list)
        for pair in late:
            if is_whole(query := pair[0].decision.normalized):
                by_query[query].append(pair)

        def corrected(query: str, entry: Entry | None) -> Entry | None:
            if entry is None or entry.late == run:
                return None
            return amended(entry, by_query[query], examination, self._counting, run)

        counts["queries corrected by late events"] += self._change(sorted(by_query), corrected, counts)

    def foresee(self, predicted: Mapping[str, Mapping[str, float]], at: datetime, counts: Counter[str]) -> None:
        """Add predictions (query -> entity -> score) beside what people did."""

        def foreseen(query: str, entry: Entry | None) -> Entry | None:
            return foresee(entry, query, predicted[query], at, self._learn.memory_entities)

        counts["queries with new predictions"] += self._change(sorted(predicted), foreseen, counts)

    def asked(self, counts: Counter[str]) -> dict[str, dict[str, float]]:
        """What people asked for entities, where enough of them did: entity -> query -> score."""
        found: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for _, entry, scores in self._entries(counts):
            for entity in scores:
                if not entity.predicted:
                    found[entity.id][entry.query] = entity.score
        return dict(found)

    def rows(self, encoder: Encoder | None, counts: Counter[str]) -> list[MemoryRow]:
        """What proxies shall remember: the queries of most recent gain, with their best entities.

        With an encoder the first of them have their embeddings, each computed once.
        """
        most = self._learn.memory_queries
        best = nlargest(most, self._entries(counts), key=lambda one: one[0])
        counts["queries beyond learn.memory_queries"] += counts["queries worth remembering"] - len(best)
        rows = [MemoryRow(entry.query, entities) for _, entry, entities in best]
        if encoder is not None:
            near = rows[: self._learn.memory_embedded]
            vectors = self._vectors([row.query for row in near], encoder)
            rows[: len(near)] = [replace(row, vector=vector) for row, vector in zip(near, vectors, strict=True)]
        return sorted(rows, key=lambda row: row.query)

    def _entries(self, counts: Counter[str]) -> Iterator[tuple[tuple[float, float, str], Entry, Scored]]:
        """Entries from which others may profit, with their scores and what orders them."""
        learn = self._learn
        for hit in self._hits():
            try:
                entry = from_document(hit["_source"])
            except DataError:
                counts["unreadable memories"] += 1
                continue
            scores = entry.scores(learn.memory_entities, learn.memory_users)
            if scores:
                counts["queries worth remembering"] += 1
                recent = entry.recent(learn.memory_half_life_days) if not scores[0].predicted else -inf
                yield (recent, scores[0].score, entry.query), entry, scores
            elif learn.memory_users > 1 and not entry.people.at_least(learn.memory_users):
                counts["queries of fewer people than learn.memory_users"] += 1

    def _change(self, queries: Sequence[str], change: Change, counts: Counter[str]) -> int:
        """Rewrites the entries that `change` makes anew, returning how many; what others write meanwhile is kept."""
        done = 0
        for start in range(0, len(queries), BATCH):
            left: Sequence[str] = queries[start : start + BATCH]
            for _ in range(ATTEMPTS):
                written, left = self._write(left, change, counts)
                done += written
                if not left:
                    break
            else:
                raise Conflict(f"{self._name} is being changed by others all the time; run the command again")
        return done

    def _write(self, queries: Sequence[str], change: Change, counts: Counter[str]) -> tuple[int, list[str]]:
        """How many documents were written, and the queries whose documents somebody else changed meanwhile."""
        lines: list[Json] = []
        sent: list[str] = []
        for query, hit in zip(queries, self._get(queries), strict=True):
            entry, condition = _entry(hit, counts)
            changed = change(query, entry)
            if changed is not None:
                kept = {k: v for k, v in hit.get("_source", {}).items() if k in ("vector", "encoder")}
                header = {"index" if condition else "create": {"_id": hit["_id"], **condition}}
                lines += [header, {**to_document(changed, self._index), **kept}]
                sent.append(query)
        if not lines:
            return 0, []
        items = [next(iter(i.values())) for i in self._client.bulk(index=self._name, body=lines)["items"]]
        if bad := next((i for i in items if i["status"] >= 300 and i["status"] != 409), None):
            raise ClusterError(f"memory {bad['_id']} was not written ({bad.get('error')}); run the command again")
        left = [query for query, item in zip(sent, items, strict=True) if item["status"] == 409]
        return len(items) - len(left), left

    def _get(self, queries: Sequence[str], source: Sequence[str] = ()) -> list[Json]:
        """The documents of queries, found or not; with `source`, only these fields."""
        ids = [memory_id(self._index, q) for q in queries]
        params = {"_source": ",".join(source)} if source else {}
        try:
            docs: list[Json] = self._client.mget(index=self._name, body={"ids": ids}, params=params)["docs"]
        except NotFoundError:
            return [{"_id": id} for id in ids]
        return docs

    def _hits(self) -> Iterator[Json]:
        """All documents of the index, without their embeddings."""
        query: Json = {"query": {"bool": {"should": [{"term": {f: self._index}} for f in ("index", "index.keyword")]}}}
        try:
            self._client.indices.refresh(index=self._name)
        except NotFoundError:
            return
        yield from scan(
            self._client, index=self._name, query={**query, "_source": {"excludes": ["vector"]}}, size=BATCH
        )

    def _vectors(self, queries: Sequence[str], encoder: Encoder) -> list[Vector | None]:
        """The embeddings kept in the documents; those that lack one of this encoder get it."""
        found: list[Vector | None] = []
        for start in range(0, len(queries), BATCH):
            some = queries[start : start + BATCH]
            found += self._embedded(some, self._get(some, ["vector", "encoder"]), encoder)
        return found

    def _embedded(self, queries: Sequence[str], hits: Sequence[Json], encoder: Encoder) -> list[Vector | None]:
        vectors = [_vector(hit.get("_source", {}), encoder) for hit in hits]
        lacking = [i for i, v in enumerate(vectors) if v is None]
        lines: list[Json] = []
        for i, vector in zip(lacking, encoder.encode([queries[i] for i in lacking]) if lacking else (), strict=True):
            vectors[i] = vector
            packed = b64encode(vector.astype(np.float16).tobytes()).decode()
            doc = {"vector": packed, "encoder": encoder.digest}
            lines += [{"update": {"_id": hits[i]["_id"]}}, {"doc": doc}]
        if lines:
            self._client.bulk(index=self._name, body=lines)
        return vectors


def rounds_by_query(rounds: Iterable[Round]) -> dict[str, list[Round]]:
    """Of queries that the log has whole."""
    by_query: defaultdict[str, list[Round]] = defaultdict(list)
    for one in rounds:
        if is_whole(one.decision.normalized):
            by_query[one.decision.normalized].append(one)
    return dict(by_query)


def snapshot(rows: Sequence[MemoryRow]) -> bytes:
    return Memory.from_rows(rows).to_bytes()


def memory_id(index: str, query: str) -> str:
    """Queries may be longer than an `_id` may be."""
    return hashlib.sha256(f"{index}\0{query}".encode()).hexdigest()[:40]


def _entry(hit: Json, counts: Counter[str]) -> tuple[Entry | None, Json]:
    """The entry as stored, None where there is none that can be read, and the condition for replacing it."""
    if not hit.get("found"):
        return None, {}
    condition = {"if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}
    try:
        return from_document(hit["_source"]), condition
    except DataError:
        counts["unreadable memories"] += 1
        return None, condition


def _vector(source: Json, encoder: Encoder) -> Vector | None:
    if source.get("encoder") != encoder.digest:
        return None
    vector = np.frombuffer(b64decode(source["vector"]), dtype=np.float16).astype(np.float32)
    return vector if len(vector) == encoder.dimension else None
