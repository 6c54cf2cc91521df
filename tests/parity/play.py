"""Plays a scenario's requests, straight and through the proxy; asks the node what the answers have to agree with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

import orjson

from ltrr_opensearch.types import Json
from tests.parity.rules import Key, at, key_of
from tests.parity.scenario import Step
from tests.parity.wire import Response, send
from tests.parity.world import World

Side = Literal["straight", "through"]
NAMES: dict[Side, str] = {"straight": "side-a", "through": "side-b"}
"""What `{side}` stands for: scenarios that write keep the two sides' documents apart by it."""
PASSED = re.compile(r'^ltrr_passthrough_total\{reason="([a-z_]+)"\} ([0-9.e+]+)', re.MULTILINE)
MANY = 1000
_OF_PAGE_AND_Q = frozenset(("size", "from", "q", "df", "default_operator", "analyzer", "analyze_wildcard", "lenient"))


@dataclass
class Player:
    """`saved` holds what earlier answers gave for later requests, by side."""

    world: World
    saved: dict[Side, dict[str, str]] = field(default_factory=lambda: {"straight": {}, "through": {}})

    def ask(self, step: Step, side: Side) -> Response:
        url, said = self.world.proxy, step.content
        if side == "straight":
            url, said = self.world.node, without_ours(said)
        raw = step.encoded(self._filled(said, side)) if said is not None else None
        headers = {k: self._filled(v, side) for k, v in step.sent_headers.items()}
        got = send(url, step.method, self._filled(step.target, side), raw, headers, chunked=step.chunked)
        told = {name: value.replace(NAMES["through"], NAMES["straight"]) for name, value in got.headers.items()}
        content = got.body.replace(NAMES["through"].encode(), NAMES["straight"].encode())
        answer = replace(got, headers=told, body=content)
        for name, path in step.save.items():
            self.saved[side][name] = str(at(answer.json, path)[0])
        return answer

    def _filled(self, text: str, side: Side) -> str:
        for name, value in self.saved[side].items():
            text = text.replace("${" + name + "}", value)
        for name, value in {**self.world.names, "side": NAMES[side]}.items():
            text = text.replace("{" + name + "}", value)
        return text

    def passed(self) -> dict[str, float]:
        """How many requests passed through until now, by reason."""
        told = send(self.world.admin, "GET", "/_ltrr/metrics", None, {}).body.decode()
        return {reason: float(value) for reason, value in PASSED.findall(told)}

    def own_hits(self, step: Step) -> dict[Key, Json]:
        """All hits of the client's own query, in its order, in the form that the client asked for."""
        url = [(k, v) for k, v in parse_qsl(step.url, keep_blank_values=True) if k not in ("size", "from")]
        whole = asked(step) | {"from": 0, "size": MANY}
        answer = self.ask(step.model_copy(update=_search(whole, urlencode(url))), "straight")
        return {key_of(hit): hit for hit in answer.json["hits"]["hits"]}

    def others(self, step: Step, ids: list[str]) -> dict[Key, Json]:
        """Documents that the client's own query does not find, in the form that the client asked for."""
        body = asked(step)
        url = [(k, v) for k, v in parse_qsl(step.url, keep_blank_values=True) if k not in _OF_PAGE_AND_Q]
        query = body.get("query", {"query_string": {"query": dict(parse_qsl(step.url)).get("q", "*")}})
        found = {"bool": {"filter": [{"ids": {"values": ids}}], "should": [query]}}
        kept = {k: v for k, v in body.items() if k not in ("aggs", "suggest")}
        whole = kept | {"query": found, "from": 0, "size": MANY}
        if "highlight" in body:
            whole["highlight"] = {"highlight_query": query} | body["highlight"]
        answer = self.ask(step.model_copy(update=_search(whole, urlencode(url))), "straight")
        return {key_of(hit): hit for hit in answer.json["hits"]["hits"]}

    def matching(self, step: Step, clause: Json, keys: Iterable[Key]) -> set[Key]:
        """Those of the documents that a clause matches."""
        ids = {"ids": {"values": [id for _, id in keys]}}
        body = {"query": {"bool": {"filter": [ids, clause]}}, "size": MANY, "_source": False}
        answer = self.ask(Step(index=step.index, search=body), "straight")
        return {key_of(hit) for hit in answer.json["hits"]["hits"]}


def asked(step: Step) -> Json:
    body: Any = step.search if step.search is not None else orjson.loads(step.content or "{}")
    return {k: v for k, v in body.items() if k != "ext"}


def without_ours(content: str | None) -> str | None:
    """What a client that does not know of the proxy would send: no `ext.ltrr`."""
    if content is None or '"ltrr"' not in content:
        return content
    body = orjson.loads(content)
    return orjson.dumps({k: v for k, v in body.items() if k != "ext"}).decode()


def _search(body: Json, url: str) -> dict[str, Any]:
    """Only the search changes: the headers of one that is packed or in chunks would not fit."""
    plain = {"packed": False, "chunked": False, "grown": 0, "nested": 0, "headers": {}}
    return {"search": body, "raw": None, "body": None, "url": url, "save": {}, "method": "POST", **plain}
