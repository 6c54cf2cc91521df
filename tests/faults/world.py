"""A small shop on the real node with our own indexes beside it, and what became of what was accepted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import product
from pathlib import Path
from uuid import uuid4

import orjson
from opensearchpy import OpenSearch

from ltrr_opensearch.index.prepare import state_requests
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.logged import Part
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Json

WORDS = ("red", "blue", "green", "shoe", "boot", "cable", "usb", "lamp")
CONFIGURATION = """
cluster: {{url: "{url}"}}
log: {{spool_dir: "{spool}", flush_ms: 100, spool_mb: {spool_mb}}}
serve: {{deadline_ms: 300, poll_s: 0.3{serve}}}
state: {{prefix: {prefix}, ubi_queries: {name}_queries, ubi_events: {name}_events, secret: of the tests}}
indexes:
  {shop}:
    text_fields: {{title: 1}}
    slot_fields: [colour]
"""


@dataclass(frozen=True)
class World:
    client: OpenSearch
    name: str
    """What the names of all indexes begin with."""

    @property
    def prefix(self) -> str:
        """Of our own."""
        return f"{self.name}x"

    @property
    def shop(self) -> str:
        return f"{self.name}_shop"

    def configuration(self, folder: Path, url: str, serve: str = "", spool_mb: float = 64) -> Path:
        path = folder / "ltrr.yml"
        values = {"url": url, "spool": folder / "spool", "name": self.name, "prefix": self.prefix, "shop": self.shop}
        path.write_text(CONFIGURATION.format(**values, serve=serve, spool_mb=spool_mb))
        return path

    def publish(self, kind: str, payload: bytes, algorithm: str = "", checks: Json | None = None) -> str:
        """A release with one part anew."""
        digest = sha256(payload).hexdigest()
        part = Part(kind, self.shop, digest[:16], algorithm, payload, digest, datetime.now(UTC), {}, checks or {})
        return self.releases.publish(self.shop, {kind: part})

    @property
    def releases(self) -> ReleaseStore:
        return ReleaseStore(self.client, self.prefix)

    def publish_ranker(self) -> str:
        """One that reads all logged features, so that every answer waits for them."""
        names = derive(IndexSettings(text_fields={"title": 1.0}, slot_fields=("colour",))).names
        model = {"features": names, "weights": [1.0] * len(names)}
        return self.publish("ranker", orjson.dumps(model), "linear", {"rows": [], "scores": []})

    def events(self) -> Counter[str]:
        """The clients' events in the cluster, by the session that each has of its own."""
        return self._found(f"{self.name}_events", {"term": {"action_name": "click"}}, "session_id")

    def decisions(self) -> Counter[str]:
        return self._found(f"{self.prefix}_decisions-*", {"match_all": {}}, "query_id")

    def _found(self, index: str, query: Json, field: str) -> Counter[str]:
        self.client.indices.refresh(index=index, ignore_unavailable=True)
        body: Json = {"size": 10_000, "query": query, "_source": [field]}
        hits = self.client.search(index=index, body=body, ignore_unavailable=True)["hits"]["hits"]
        return Counter(hit["_source"][field] for hit in hits)


ALL = {"ltrr": {"explore": False}}
"""`ext` of a search that draws every plan, as a cold start does when it does not explore."""


def click(session: str) -> Json:
    return {
        "action_name": "click",
        "query_id": f"q-{session}",
        "session_id": session,
        "event_attributes": {"object": {"object_id": "1"}, "position": {"ordinal": 1}},
    }


def query(text: str = "red shoe", **more: object) -> Json:
    """Few documents match it; our plans find more, which then have to be fetched."""
    return {"query": {"match_phrase": {"title": text}}, "size": 5, **more}


def until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@contextmanager
def world(client: OpenSearch) -> Iterator[World]:
    name = f"test_f{uuid4().hex[:8]}"
    made = World(client, name)
    state = StateSettings(prefix=made.prefix, ubi_queries=f"{name}_queries", ubi_events=f"{name}_events")
    properties = {"title": {"type": "text"}, "colour": {"type": "keyword"}}
    body: Json = {"settings": {"number_of_shards": 1, "number_of_replicas": 0}, "mappings": {"properties": properties}}
    client.indices.create(index=made.shop, body=body)
    lines: list[Json] = []
    for number, words in enumerate(product(WORDS, repeat=2)):
        lines += [{"index": {"_id": str(number)}}, {"title": " ".join(words), "colour": words[0]}]
    client.bulk(index=made.shop, body=lines, refresh=True)
    requests = state_requests(client, state)
    try:
        for request in requests:
            client.transport.perform_request(request.method, request.path, body=request.body)
        yield made
    finally:
        client.indices.delete(index=f"{name}*", ignore_unavailable=True)
        for request in reversed(requests):
            if "_template/" in request.path:
                client.transport.perform_request("DELETE", request.path)
