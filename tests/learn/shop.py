"""The indexes that learning reads and writes, filled with synthetic searches, on the real node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.learn.job import Job
from ltrr_opensearch.log.records import index_name, to_document
from ltrr_opensearch.logged import Decision, Event
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings, StateSettings
from ltrr_opensearch.types import Json
from tests.learn.synthetic import START, ubi


@dataclass(frozen=True)
class Shop:
    client: OpenSearch
    prefix: str

    @staticmethod
    def create(client: OpenSearch, prefix: str) -> Shop:
        templates = load_templates(StateSettings(prefix=prefix))
        kinds = {f"{prefix}_{kind}": kind for kind in ("models", "releases", "memory", "jobs")}
        kinds |= {index_name(prefix, START): "decisions", f"{prefix}-events": "ubi_events"}
        for index, kind in kinds.items():
            mappings = next(t.body["template"]["mappings"] for t in templates if t.name.endswith(f"_{kind}"))
            client.indices.create(index=index, body={"settings": {"number_of_replicas": 0}, "mappings": mappings})
        return Shop(client, prefix)

    def settings(self, **learn: Any) -> Settings:
        return Settings.model_validate(
            {
                "state": {"prefix": self.prefix, "ubi_events": f"{self.prefix}-events"},
                "choose": {"policy": "greedy", "apprentice_rounds": 0},
                # a log of uniform draws says little of deep plans, with which a policy that knows nothing begins
                "learn": {"ranker": "linear", "min_effective": 25, **learn},
                "indexes": {"shop": {"text_fields": {"title": 1}}},
            }
        )

    def job(self, now: datetime, **learn: Any) -> Job:
        return Job(self.client, self.settings(**learn), "shop", now)

    @property
    def store(self) -> ReleaseStore:
        return ReleaseStore(self.client, self.prefix)

    def put(self, searches: Iterable[Decision], events: Iterable[Event] = ()) -> None:
        self.index(
            *({"_index": index_name(self.prefix, d.at), "_id": d.query_id, **to_document(d)} for d in searches),
            *({"_index": f"{self.prefix}-events", **ubi(e)} for e in events),
        )

    def index(self, *documents: Json) -> None:
        bulk(self.client, documents)

    def memories(self) -> Iterator[Json]:
        self.client.indices.refresh(index=f"{self.prefix}_memory")
        found = self.client.search(index=f"{self.prefix}_memory", body={"size": 100})
        return (hit["_source"] for hit in found["hits"]["hits"])
