"""A proxy that really listens, in a thread of its own, and raw HTTP to talk to it and to the node."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

import orjson
import uvloop

from ltrr_opensearch.cluster.tls import for_clients
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.log.ubi import UbiEvent
from ltrr_opensearch.proxy.admin import AdminApp
from ltrr_opensearch.proxy.app import ProxyApp
from ltrr_opensearch.proxy.guard import Guard
from ltrr_opensearch.proxy.health import Health
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.proxy.search import Searcher
from ltrr_opensearch.proxy.server import Servers, listen
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Answer, Json, SearchRequest

EngineDouble = Callable[[SearchRequest], Answer | None]


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        content: Json = orjson.loads(self.body)
        return content


def call(
    url: str,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    wait_s: float = 5,
) -> Response:
    """One request on a connection of its own; header names in the answer are lower-case."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=wait_s)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in ({"content-type": "application/json"} | dict(headers or {})).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body)
        got = connection.getresponse()
        return Response(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
    finally:
        connection.close()


class Events:
    """Keeps events in memory behind the `EventSink` protocol."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, UbiEvent]] = []
        self.failure: Exception | None = None

    async def accept(self, index: str, events: Sequence[UbiEvent]) -> list[str]:
        if self.failure:
            raise self.failure
        self.kept += [(index, event) for event in events]
        return ["" for _ in events]


@dataclass(frozen=True)
class Listening:
    url: str
    admin: str
    metrics: Metrics
    events: Events
    searched: list[SearchRequest]


@contextmanager
def listening(
    settings: Settings,
    engine: EngineDouble | Searcher,
    guard: Guard = Guard(),  # noqa: B008 a frozen value
) -> Iterator[Listening]:
    """The whole application, sockets included, with a double behind the engine's protocol."""
    metrics, events, searched = Metrics(), Events(), list[SearchRequest]()

    class Engine:
        async def search(self, request: SearchRequest, index_key: str) -> Answer | None:
            searched.append(request)
            return engine(request) if callable(engine) else await engine.search(request, index_key)

    public, operators = listen(settings.serve.host, 0, "serve.port"), listen("127.0.0.1", 0, "admin.port")
    upstream = Upstream(settings.cluster)
    proxy = ProxyApp(Engine(), upstream, events, settings, metrics)
    admin = AdminApp(Health(upstream), metrics, _no_decision, guard)
    up, stop = threading.Event(), threading.Event()

    async def main() -> None:
        servers = Servers(proxy, admin, for_clients(settings.serve))
        running = asyncio.create_task(servers.run(public, operators, lambda _: up.set()))
        await asyncio.to_thread(stop.wait)
        servers.stop()
        await running

    thread = threading.Thread(target=lambda: uvloop.run(main()))
    thread.start()
    assert up.wait(10)
    try:
        where, beside = public.getsockname(), operators.getsockname()
        host = "[::1]" if ":" in where[0] else where[0]
        yield Listening(f"http://{host}:{where[1]}", f"http://127.0.0.1:{beside[1]}", metrics, events, searched)
    finally:
        stop.set()
        thread.join(10)


async def _no_decision(query_id: str) -> Json | None:
    return {"query_id": query_id} if query_id == "known" else None
