"""OpenTelemetry spans, as the SDK's own in-memory exporter sees them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ltrr_opensearch import assemble
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.telemetry import otel
from tests.operations.recorder import recording
from tests.operations.world import running, until
from tests.proxy.listening import call

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
BODY = {"query": {"match": {"title": "green boots"}}, "size": 3}


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Spans go to memory instead of a collector."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(otel, "exporting_tracer", lambda: provider.get_tracer("test"))
    yield exporter
    provider.shutdown()


def test_a_search_its_stages_and_its_requests_are_one_trace(
    shop: Settings, key: str, exported: InMemorySpanExporter, tmp_path: Any
) -> None:
    serve = shop.serve.model_copy(update={"spans": True})
    log = shop.log.model_copy(update={"spool_dir": str(tmp_path / "spool")})
    with recording(shop.cluster.url) as node:
        cluster = shop.cluster.model_copy(update={"url": node.url})
        with running(shop.model_copy(update={"serve": serve, "log": log, "cluster": cluster})) as proxy:
            began = time.time_ns()
            answer = proxy.search(key, BODY, {"traceparent": f"00-{TRACE}-{PARENT}-01"})
        spans = [s for s in exported.get_finished_spans() if s.context and f"{s.context.trace_id:032x}" == TRACE]
    (whole,) = (span for span in spans if span.name == "search")
    assert whole.parent is not None
    assert f"{whole.parent.span_id:016x}" == PARENT
    assert (whole.attributes or {})["ltrr.query_id"] == answer.headers["x-ltrr"]
    stages = {span.name for span in spans if span.kind.name == "INTERNAL"}
    assert {"choose", "retrieve", "fuse", "rank"} <= stages
    clients = [span for span in spans if span.kind.name == "CLIENT"]
    requests = [span for span in clients if str((span.attributes or {})["url.path"]).startswith(f"/{key}/")]
    assert len(requests) >= 2
    assert all(_parent(span) == _id(whole) for span in spans if span is not whole)
    assert all(began <= (span.start_time or 0) <= (span.end_time or 0) for span in spans)
    carried = {r.headers["traceparent"] for r in node.requests if r.path.startswith(f"/{key}/_search")}
    assert carried == {f"00-{TRACE}-{_id(span)}-01" for span in requests}
    assert "green" not in str([dict(span.attributes or {}) for span in spans])


def test_without_a_traceparent_a_search_begins_a_trace(
    shop: Settings, key: str, exported: InMemorySpanExporter, tmp_path: Any
) -> None:
    serve = shop.serve.model_copy(update={"spans": True})
    log = shop.log.model_copy(update={"spool_dir": str(tmp_path / "spool")})
    with running(shop.model_copy(update={"serve": serve, "log": log})) as proxy:
        proxy.search(key, BODY)
        until(lambda: any(span.name == "search" for span in exported.get_finished_spans()))
    (whole,) = (span for span in exported.get_finished_spans() if span.name == "search")
    assert whole.parent is None


def test_what_passes_through_is_a_span_and_goes_on_as_it_came(
    shop: Settings, exported: InMemorySpanExporter, tmp_path: Any
) -> None:
    serve = shop.serve.model_copy(update={"spans": True})
    log = shop.log.model_copy(update={"spool_dir": str(tmp_path / "spool")})
    named = f"00-{TRACE}-{PARENT}-01"
    with recording(shop.cluster.url) as node:
        cluster = shop.cluster.model_copy(update={"url": node.url})
        with running(shop.model_copy(update={"serve": serve, "log": log, "cluster": cluster})) as proxy:
            assert call(proxy.url, "GET", "/_cat/health", headers={"traceparent": named}).status == 200
    (span,) = (span for span in exported.get_finished_spans() if span.name == "GET relayed")
    assert _parent(span) == PARENT
    assert (span.attributes or {})["url.path"] == "/_cat/health"
    (asked,) = (request for request in node.requests if request.path == "/_cat/health")
    assert asked.headers["traceparent"] == named


def test_without_the_extra_the_start_says_what_to_install(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from ltrr_opensearch.errors import MissingExtra

    monkeypatch.delitem(sys.modules, "ltrr_opensearch.telemetry.otel")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    serve = shop.serve.model_copy(update={"spans": True})
    with pytest.raises(MissingExtra, match=r"pip install 'ltrr-opensearch\[otel\]'"):
        assemble.proxy(shop.model_copy(update={"serve": serve}))


def _id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


def _parent(span: ReadableSpan) -> str:
    assert span.parent is not None
    return f"{span.parent.span_id:016x}"
