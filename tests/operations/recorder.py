"""A relay before the node that keeps what it is asked, and may refuse."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

KEPT = frozenset(("transfer-encoding", "connection", "content-length", "keep-alive"))


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


Answer = tuple[int, bytes]
Instead = Callable[[Asked], Answer | None]
"""What is answered in the place of the node, or None where the request may pass."""


@dataclass
class Recorded:
    url: str
    requests: list[Asked] = field(default_factory=list)


@contextmanager
def recording(node: str, instead: Instead = lambda _: None) -> Iterator[Recorded]:
    origin = urlsplit(node).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
            asked = Asked(self.command, self.path, headers, plain)
            recorded.requests.append(asked)
            ours = instead(asked)
            if ours is not None:
                self.respond(ours[0], {"content-type": "application/json"}, ours[1])
                return
            sent = {name: value for name, value in headers.items() if name not in {"host", "connection"}}
            with closing(HTTPConnection(origin, timeout=60)) as upstream:
                upstream.request(self.command, self.path, body or None, sent)
                answer = upstream.getresponse()
                content = answer.read()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in KEPT}
            self.respond(answer.status, kept, content)

        def respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            with suppress(ConnectionError):  # whoever asked has gone
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

        # http.server looks for these names
        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

        def log_message(self, *_said: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    recorded = Recorded(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield recorded
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
