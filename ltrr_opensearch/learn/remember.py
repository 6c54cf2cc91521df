"""The memory in the cluster: `{prefix}_memory` is brought up to date, then packed as the snapshot that proxies load.

Each document says which run counted in it last, so a run that is repeated counts nothing twice.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError
from opensearchpy.helpers import scan

from ltrr_opensearch.errors import ClusterError, Conflict, DataError
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.learn.memory import Entry, fold, from_document, to_document
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Round, is_whole
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.types import Json, Vector

BATCH = 500
ATTEMPTS = 5


class MemoryStore:
    def __init__(self, client: OpenSearch, prefix: str, index: str) -> None:
        self._client, self._name, self._index = client, f"{prefix}_memory", index

    def count_in(
        self,
        rounds: Sequence[Round],
        examination: Sequence[float],
        learn: LearnSettings,
        run: str,
        counts: Counter[str],
    ) -> None:
        """Add rounds to the documents of their queries."""
        by_query: defaultdict[str, list[Round]] = defaultdict(list)
        for one in rounds:
            if is_whole(one.decision.normalized):
                by_query[one.decision.normalized].append(one)
        queries = sorted(by_query)
        for start in range(0, len(queries), BATCH):
            left = queries[start : start + BATCH]
            for _ in range(ATTEMPTS):
                left = self._fold({q: by_query[q] for q in left}, examination, learn, run, counts)
                if not left:
                    break
            else:
                raise Conflict(f"{self._name} is being changed by others all the time; run `ltrr learn memory` again")

    def rows(self, learn: LearnSettings, encoder: Encoder | None, counts: Counter[str]) -> list[MemoryRow]:
        """All remembered queries with their best entities; with an encoder also their embeddings, computed once."""
        found: list[MemoryRow] = []
        for batch in self._batches():
            entries = []
            for hit in batch:
                try:
                    entries.append((hit, from_document(hit["_source"])))
                except DataError:
                    counts["unreadable memories"] += 1
            vectors = self._vectors([(h, e.query) for h, e in entries], encoder) if encoder else [None] * len(entries)
            scored = [(e, e.scores(learn.memory_entities), v) for (_, e), v in zip(entries, vectors, strict=True)]
            found += [MemoryRow(e.query, scores, v) for e, scores, v in scored if scores]
        return sorted(found, key=lambda row: row.query)

    def _fold(
        self,
        by_query: dict[str, list[Round]],
        examination: Sequence[float],
        learn: LearnSettings,
        run: str,
        counts: Counter[str],
    ) -> list[str]:
        """One batch; returns the queries whose documents somebody else changed meanwhile."""
        lines: list[Json] = []
        sent: list[str] = []
        for query, hit in zip(by_query, self._get(list(by_query)), strict=True):
            entry, condition = _entry(hit, counts)
            if entry and entry.run == run:
                continue
            folded = fold(
                entry,
                by_query[query],
                examination,
                run=run,
                half_life_days=learn.memory_half_life_days,
                limit=learn.memory_entities,
            )
            kept = {k: v for k, v in hit.get("_source", {}).items() if k in ("vector", "encoder")}
            action = "index" if condition else "create"
            lines += [{action: {"_id": hit["_id"], **condition}}, {**to_document(folded, self._index), **kept}]
            sent.append(query)
        if not lines:
            return []
        items = [next(iter(i.values())) for i in self._client.bulk(index=self._name, body=lines)["items"]]
        if bad := next((i for i in items if i["status"] >= 300 and i["status"] != 409), None):
            raise ClusterError(
                f"memory {bad['_id']} was not written ({bad.get('error')}); run `ltrr learn memory` again"
            )
        counts["queries counted for the memory"] += sum(i["status"] < 300 for i in items)
        return [query for query, item in zip(sent, items, strict=True) if item["status"] == 409]

    def _get(self, queries: Sequence[str]) -> list[Json]:
        ids = [memory_id(self._index, q) for q in queries]
        try:
            docs: list[Json] = self._client.mget(index=self._name, body={"ids": ids})["docs"]
        except NotFoundError:
            return [{"_id": id} for id in ids]
        return docs

    def _batches(self) -> Iterator[list[Json]]:
        query = {"query": {"bool": {"should": [{"term": {f: self._index}} for f in ("index", "index.keyword")]}}}
        try:
            self._client.indices.refresh(index=self._name)
        except NotFoundError:
            return
        batch: list[Json] = []
        for hit in scan(self._client, index=self._name, query=query, size=BATCH):
            batch.append(hit)
            if len(batch) == BATCH:
                yield batch
                batch = []
        yield batch

    def _vectors(self, rows: Sequence[tuple[Json, str]], encoder: Encoder) -> list[Vector | None]:
        """The embeddings kept in the documents; those that lack one of this encoder get it."""
        found: list[Vector | None] = [_vector(hit["_source"], encoder) for hit, _ in rows]
        lacking = [i for i, v in enumerate(found) if v is None]
        if lacking:
            fresh = encoder.encode([rows[i][1] for i in lacking])
            lines: list[Json] = []
            for i, vector in zip(lacking, fresh, strict=True):
                found[i] = vector
                packed = b64encode(vector.astype(np.float16).tobytes()).decode()
                lines += [
                    {"update": {"_id": rows[i][0]["_id"]}},
                    {"doc": {"vector": packed, "encoder": encoder.digest}},
                ]
            self._client.bulk(index=self._name, body=lines)
        return found


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
