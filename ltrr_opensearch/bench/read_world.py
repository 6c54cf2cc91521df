"""An index on a node with what is known of its values: queries are read as a proxy reads them, clauses are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from opensearchpy import OpenSearch

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.types import AnalyzedQuery, Asker, Json, SearchRequest
from ltrr_opensearch.understand.analyze import analyze

AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ReadWorld:
    client: OpenSearch
    name: str
    index: IndexSettings
    knowledge: Knowledge

    def read(self, text: str, knowledge: Knowledge | None = None) -> AnalyzedQuery:
        request = SearchRequest("q", self.name, text, {}, (), (), (), 10, 0, Asker(), None, AT)
        return analyze(request, knowledge or self.knowledge, self.index)

    def ids(self, query: Json, size: int) -> list[str]:
        body = {"query": query, "size": size, "_source": False, "track_total_hits": False}
        return [hit["_id"] for hit in self.client.search(index=self.name, body=body)["hits"]["hits"]]
