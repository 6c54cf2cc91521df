"""A proxy that really listens, in a thread of its own, and raw HTTP to talk to it and to the node."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from socket import socket
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

PATIENCE_S = 20.0
"""For a proxy to start, and to stop."""
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

    upstream = Upstream(settings.cluster)
    proxy = ProxyApp(Engine(), upstream, events, settings, metrics)
    admin = AdminApp(Health(upstream), metrics, _no_decision, guard)
    with in_a_thread(lambda: Servers(proxy, admin, for_clients(settings.serve)), settings.serve.host) as (url, beside):
        yield Listening(url, beside, metrics, events, searched)


@contextmanager
def in_a_thread(make: Callable[[], Servers], host: str = "127.0.0.1", admin_port: int = 0) -> Iterator[tuple[str, str]]:
    """Servers that run in a thread until the end of the block, made in its event loop: the clients' address and the
    operators'.
    """
    public, operators = listen(host, 0, "serve.port"), listen("127.0.0.1", admin_port, "admin.port")
    up, stop = threading.Event(), threading.Event()

    async def main() -> None:
        servers = make()
        running = asyncio.create_task(servers.run(public, operators, lambda _: up.set()))
        await asyncio.to_thread(stop.wait)
        servers.stop()
        await running

    thread = threading.Thread(target=lambda: uvloop.run(main()))
    thread.start()
    assert up.wait(PATIENCE_S)
    try:
        yield _url(public), _url(operators)
    finally:
        stop.set()
        thread.join(PATIENCE_S)


def _url(on: socket) -> str:
    host, port, *_ = on.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _no_decision(query_id: str) -> Json | None:
    return {"query_id": query_id} if query_id == "known" else None
