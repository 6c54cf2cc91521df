"""A relay before the node that knows accounts, as the security plugin does, and keeps which of them asked what.

A person reads an index through a filtered alias of their own, so that document-level security is real: the node itself
leaves out what they may not see. Our own account may read and write our own indexes and nothing else. Unknown or
absent credentials are 401, a request beyond an account's rights is 403.
"""

from __future__ import annotations

import re
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import orjson

OWN = "own"
_SAFE = frozenset(("GET", "HEAD", "POST"))
_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length"))


def basic(name: str) -> str:
    return "Basic " + b64encode(f"{name}:password-of-{name}".encode()).decode()


@dataclass(frozen=True)
class Asked:
    """A request that reached the relay: who made it, which, and what it was answered with."""

    who: str
    method: str
    path: str
    body: bytes
    status: int


@dataclass
class Authority:
    """`people` read `index` through their aliases; `ours` says which targets belong to our own account."""

    node: str
    index: str
    people: tuple[str, ...]
    ours: re.Pattern[str]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    stop: Callable[[], None] = lambda: None
    stopped: bool = False

    def alias(self, name: str) -> str:
        return f"{self.index}_{name}"

    def known(self, header: str | None) -> str | None:
        return next((name for name in (*self.people, OWN) if header == basic(name)), None)

    def by(self, who: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.who == who]

    def rewritten(self, who: str, method: str, path: str, body: bytes) -> tuple[str, bytes] | None:
        """The request as the node gets it; None where the account may not make it."""
        target = urlsplit(path).path.strip("/")
        if who == OWN:
            return (path, body) if self._is_ours(target, body) else None
        if method not in _SAFE:
            return None
        if target == "_msearch":
            return path, self._lines(who, body)
        if target == "_search" and b'"pit"' in body:
            return path, body  # a point in time is of the alias through which it was opened
        if target.partition("/")[0] != self.index:
            return (path, body) if target == "" else None
        replaced = path.replace(f"/{self.index}/", f"/{self.alias(who)}/", 1)
        return replaced, self._lines(who, body) if target.endswith("_msearch") else body

    def _is_ours(self, target: str, body: bytes) -> bool:
        first = target.partition("/")[0]
        if first == "_bulk":
            actions = [orjson.loads(line) for line in body.splitlines()[::2]]
            return all(self.ours.fullmatch(next(iter(action.values()))["_index"]) for action in actions)
        return all(first == "" or first.startswith("_nodes") or self.ours.fullmatch(part) for part in first.split(","))

    def _lines(self, who: str, body: bytes) -> bytes:
        lines = body.split(b"\n")
        for at in range(0, len(lines) - 1, 2):
            header: dict[str, Any] = orjson.loads(lines[at] or b"{}")
            if header.get("index") == self.index:
                lines[at] = orjson.dumps(header | {"index": self.alias(who)})
        return b"\n".join(lines)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    authority: Authority

    def _relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("transfer-encoding"):
            body = self._chunks()
        if self.authority.stopped:
            self.close_connection = True
            return
        who = self.authority.known(self.headers.get("authorization"))
        allowed = self.authority.rewritten(who, self.command, self.path, body) if who else None
        if allowed is None:
            status, headers, answer = self._refusal(who)
        else:
            status, headers, answer = self._from_node(*allowed)
        self.authority.asked.append(Asked(who or "nobody", self.command, self.path, body, status))
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            with suppress(BrokenPipeError, ConnectionResetError):  # a plan that nobody waits for any more
                self.wfile.write(answer)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _refusal(self, who: str | None) -> tuple[int, list[tuple[str, str]], bytes]:
        if who is None:
            return 401, [("WWW-Authenticate", 'Basic realm="authority"')], b"Unauthorized"
        where = urlsplit(self.path).path
        error = {"type": "security_exception", "reason": f"no permissions for {self.command} {where} and {who}"}
        answer = orjson.dumps({"error": {"root_cause": [error], **error}, "status": 403})
        return 403, [("content-type", "application/json")], answer

    def _from_node(self, path: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(urlsplit(self.authority.node).netloc, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP | {"authorization", "host"}}
        try:
            connection.request(self.command, path, body or None, headers)
            got = connection.getresponse()
            kept = [(k, v) for k, v in got.getheaders() if k.lower() not in _HOP]
            return got.status, kept, got.read()
        finally:
            connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = _relay  # noqa: N815 the names that the server calls

    def log_message(self, format: str, *args: object) -> None:
        """What was asked is kept in `asked`."""


@contextmanager
def authorising(authority: Authority) -> Iterator[Authority]:
    handler = type("Handler", (_Handler,), {"authority": authority})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        authority.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()

        def stop() -> None:
            authority.stopped = True
            server.shutdown()
            server.server_close()

        authority.stop = stop
        yield authority
        stop()
