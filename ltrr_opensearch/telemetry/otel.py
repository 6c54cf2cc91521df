"""OpenTelemetry spans (extra `otel`): a search, its stages, and each request that it makes of the cluster.

The usual environment says where they go: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`.
The client's `traceparent` is the parent of what we do, and what we ask names our span as its parent in turn. Stages
are told when they end; their spans are made then, with the time at which they began. Neither the words of a query nor
people's ids stand in a span.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from ltrr_opensearch.cluster.headers import without
from ltrr_opensearch.cluster.upstream import Reply, Upstream
from ltrr_opensearch.errors import MissingExtra
from ltrr_opensearch.settings import ClusterSettings
from ltrr_opensearch.telemetry.context import asked
from ltrr_opensearch.types import Headers

try:
    from opentelemetry import context as contexts
    from opentelemetry import trace
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError as missing:
    raise MissingExtra("opentelemetry-sdk", "otel") from missing

SCOPE = "ltrr_opensearch"
_CARRIED = (b"traceparent", b"tracestate")
_propagator = TraceContextTextMapPropagator()


def exporting_tracer() -> Tracer:
    """A tracer whose spans are sent to a collector, in batches and beside the event loop."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer(SCOPE)


class OpenTelemetrySpans:
    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def search(self, index: str, query_id: str) -> Iterator[None]:
        """Around a whole search: a child of the client's span where its request names one."""
        about = {"db.system.name": "opensearch", "db.collection.name": index, "ltrr.query_id": query_id}
        with self._tracer.start_as_current_span(
            "search", context=client_context(asked.get()), kind=SpanKind.SERVER, attributes=about
        ):
            yield

    def stage(self, name: str, seconds: float) -> None:
        """A stage that has just ended."""
        ended = time.time_ns()
        span = self._tracer.start_span(name, start_time=ended - int(seconds * 1e9))
        span.end(ended)


class TracedUpstream(Upstream):
    """Each request that we write ourselves is a span, and carries it to the cluster."""

    traces = True

    def __init__(self, settings: ClusterSettings, tracer: Tracer) -> None:
        super().__init__(settings)
        self._tracer = tracer

    def relaying(self, method: str, path: str, headers: Headers) -> Callable[[], None]:
        """A span beside what passes through: the request itself goes on as it came, with the client's own parent."""
        about = {"http.request.method": method, "url.path": path}
        span = self._tracer.start_span(
            f"{method} relayed", context=client_context(headers), kind=SpanKind.CLIENT, attributes=about
        )
        return span.end

    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply:
        if not trace.get_current_span().get_span_context().is_valid:
            return await super().send(method, target, headers, body)  # nobody's search: health, the switch, our records
        about = {"http.request.method": method, "url.path": urlsplit(target).path}
        with self._tracer.start_as_current_span(f"{method} opensearch", kind=SpanKind.CLIENT, attributes=about) as span:
            reply = await super().send(method, target, carrying(headers), body)
            span.set_attribute("http.response.status_code", reply.status)
            if reply.status >= 400:
                span.set_status(Status(StatusCode.ERROR))
            return reply


def client_context(headers: Headers) -> Context:
    """The trace that the client's request belongs to; an empty one where it names none."""
    carrier = {key.lower().decode("latin-1"): value.decode("latin-1") for key, value in headers if _is_carried(key)}
    return _propagator.extract(carrier, contexts.Context())


def carrying(headers: Headers) -> Headers:
    """The headers with the running span as parent, in the place of the client's."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    ours = tuple((key.encode(), value.encode()) for key, value in carrier.items())
    return (*without(headers, _CARRIED), *ours)


def _is_carried(name: bytes) -> bool:
    return name.lower() in _CARRIED
