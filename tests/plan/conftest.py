from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.types import AnalyzedQuery, Asker, Json, SearchRequest
from ltrr_opensearch.understand.analyze import analyze

Analyze = Callable[..., AnalyzedQuery]


@pytest.fixture
def ask() -> Analyze:
    """ask(text, index, knowledge=..., filters=...) -> the analysed query."""

    def analyzed(
        text: str, index: IndexSettings, knowledge: Knowledge | None = None, filters: tuple[Json, ...] = ()
    ) -> AnalyzedQuery:
        body: dict[str, Any] = {"query": {"match": {"title": text}}}
        at = datetime(2026, 1, 1, tzinfo=UTC)
        request = SearchRequest("q1", "shop", text, body, (), (), filters, 10, 0, Asker(), None, at)
        return analyze(request, knowledge or Knowledge.empty(), index)

    return analyzed
