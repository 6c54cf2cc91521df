"""What a bad request is made of: where it goes, the bytes that travel, and what may be said of its answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

CRLF = b"\r\n"
JSON = b"Content-Type: application/json"
Header = bytes


@dataclass(frozen=True)
class Place:
    """The index that is searched, and a marker that no other request has. Both stand in whatever a case smuggles."""

    index: str
    marker: str

    @property
    def smuggled(self) -> str:
        return f"/{self.index}-smuggled-{self.marker}/_count"

    @property
    def sentinel(self) -> str:
        return f"/{self.index}-sentinel-{self.marker}/_count"

    def hidden(self) -> bytes:
        """A second request, to be hidden in the first."""
        return f"GET {self.smuggled} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@dataclass(frozen=True)
class Case:
    """`waits`: in one reading of the bytes they are not all there, so that a server may wait for more."""

    kind: str
    place: Place
    raw: bytes
    waits: bool = False
    events: bool = False
    """Whether it is for us alone, so that the node has no say in it."""

    @property
    def head_only(self) -> bool:
        return self.raw.startswith(b"HEAD ")


@dataclass(frozen=True)
class Made:
    raw: bytes
    waits: bool = False


Generator = Callable[[random.Random, Place], Made]


def request(
    method: str, target: str | bytes, headers: Sequence[Header] = (), body: bytes = b"", framed: bool = True
) -> bytes:
    """A request as it travels, well-formed as far as what it is given; `framed` adds the length of its body."""
    path = target.encode() if isinstance(target, str) else target
    lines = [method.encode() + b" " + path + b" HTTP/1.1", b"Host: x", *headers]
    if framed and body:
        lines.append(b"Content-Length: %d" % len(body))
    return CRLF.join(lines) + CRLF * 2 + body


def asked(method: str, target: str, body: Any = None, headers: Sequence[Header] = ()) -> bytes:
    """A whole request with JSON, or with bytes that stand for it."""
    raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    return request(method, target, (JSON, *headers) if raw else headers, raw)


def sound(rng: random.Random, index: str) -> tuple[str, str, bytes]:
    """Method, target and body of a request that nothing is wrong with: some are ours to answer, some pass."""
    match = {"query": {"match": {"title": rng.choice(("red", "shoe", "red shoe", "boot"))}}}
    body = orjson.dumps(
        rng.choice((match, match | {"sort": ["price"]}, match | {"size": 2}, {"query": {"match_all": {}}}))
    )
    return "POST", f"/{index}/_search", body


def cases(kind: str, generate: Generator, count: int, index: str, seed: int, events: bool = False) -> list[Case]:
    """The same for the same seed, whatever other kinds are run."""
    made = []
    for number in range(count):
        place = Place(index, f"{kind}-{number}")
        found = generate(random.Random(f"{seed}/{kind}/{number}"), place)
        made.append(Case(kind, place, found.raw, found.waits, events))
    return made
