"""Raw HTTP for the scenarios: no header that they do not name, bodies whole, packed or in chunks."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import orjson

CHUNK = 1000
_UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}


@dataclass(frozen=True, slots=True)
class Response:
    """`body` is unpacked where it was packed; names of headers are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes
    spelled: tuple[str, ...]
    """The headers' names in their order, as they came."""

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


def send(
    url: str, method: str, target: str, body: bytes | None, headers: dict[str, str], *, chunked: bool = False
) -> Response:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        host = any(name.lower() == "host" for name in headers)
        connection.putrequest(method, target, skip_host=host, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader(*(("transfer-encoding", "chunked") if chunked else ("content-length", str(len(body)))))
        connection.endheaders(_chunks(body) if body is not None and chunked else body, encode_chunked=chunked)
        got = connection.getresponse()
        kept, content = {k.lower(): v for k, v in got.getheaders()}, got.read()
        unpack = _UNPACK.get(kept.get("content-encoding", "")) if content else None
        spelled = tuple(name for name, _ in got.getheaders())
        return Response(got.status, kept, unpack(content) if unpack else content, spelled)
    finally:
        connection.close()


def _chunks(body: bytes) -> Iterator[bytes]:
    yield from (body[at : at + CHUNK] for at in range(0, len(body), CHUNK))
