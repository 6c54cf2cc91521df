"""Real clients, straight to a node and through the proxy: the same results where we are off, the contract where on."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.clients.application import comparable, walk, walk_async
from tests.proxy.listening import call

OFF = {"X-LTRR": "off"}
Play = Callable[[str, str, bool], list[Any]]
"""An application: URL, index, whether it switches us off; its results, comparable."""

CURLED = [
    ("PUT", "/{index}", {"settings": {"number_of_shards": 1, "number_of_replicas": 0}}),
    ("PUT", "/{index}/_doc/1?refresh=true", {"title": "red shoe", "price": 1}),
    ("PUT", "/{index}/_doc/a%2Fb?refresh=true", {"title": "red hat", "price": 2}),
    ("POST", "/{index}/_search", {"query": {"match": {"title": "red"}}, "aggs": {"p": {"avg": {"field": "price"}}}}),
    ("GET", "/{index}/_search?q=title:red&sort=price", None),
    ("GET", "/{index}/_doc/a%2Fb", None),
    ("GET", "/{index}/_doc/none", None),
    ("POST", "/{index}/_search", {"query": {"mtach": {}}}),
    ("GET", "/_cat/count/{index}?h=count", None),
    ("DELETE", "/{index}", None),
]


def curled(url: str, index: str, off: bool) -> list[Any]:
    got = []
    for method, path, body in CURLED:
        command = ["curl", "-sS", "--compressed", "-X", method, "-w", "\n%{http_code} %{content_type}"]
        command += ["-H", "X-LTRR: off"] if off else []
        if body is not None:
            command += ["-H", "content-type: application/json", "-H", "Expect: 100-continue", "--data-binary", "@-"]
        done = subprocess.run(
            [*command, url + path.replace("{index}", index)],
            input=json.dumps(body).encode(),
            capture_output=True,
            check=True,
            timeout=30,
        )
        answer, _, status = done.stdout.decode().rpartition("\n")
        got += [status, json.loads(answer) if "json" in status else answer]
    return comparable(got, index)  # type: ignore[no-any-return]


def python(url: str, index: str, off: bool) -> list[Any]:
    return walk(url, index, OFF if off else {})


def python_async(url: str, index: str, off: bool) -> list[Any]:
    return asyncio.run(walk_async(url, index, OFF if off else {}))


@pytest.fixture(params=["python", "python async", "javascript", "curl"])
def play(request: pytest.FixtureRequest) -> Play:
    if request.param != "javascript":
        return {"python": python, "python async": python_async, "curl": curled}[request.param]
    program: Path = request.getfixturevalue("javascript")

    def javascript(url: str, index: str, off: bool) -> list[Any]:
        command = [shutil.which("node") or "node", str(program), url, index, *(["off"] if off else [])]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return comparable(json.loads(done.stdout), index)  # type: ignore[no-any-return]

    return javascript


@pytest.fixture
def name(node: Any) -> Iterator[Callable[[str], str]]:
    end = uuid4().hex[:8]
    yield lambda kind: f"c_cl_{kind}_{end}"
    call(node.url, "DELETE", f"/c_cl_*_{end}")


@pytest.mark.parametrize(("kind", "off"), [("other", False), ("on", True)], ids=["not configured", "switched off"])
def test_where_we_are_off_nothing_differs(
    node: Any, proxy: str, play: Play, name: Callable[[str], str], kind: str, off: bool
) -> None:
    straight = play(node.url, name(kind), off)
    through = play(proxy, name(kind), off)
    assert len(straight) > 15
    assert through == straight


def test_where_we_are_on_the_contract_holds(node: Any, proxy: str, play: Play, name: Callable[[str], str]) -> None:
    straight = play(node.url, name("on"), False)
    through = play(proxy, name("on"), False)
    assert len(through) == len(straight)
    differing = [(s, t) for s, t in zip(straight, through, strict=True) if s != t]
    assert differing, "no search was re-ranked"
    for asked, answered in differing:
        assert answered["aggregations"] == asked["aggregations"]
        assert answered["hits"]["total"] == asked["hits"]["total"]
        assert by_id(answered) == by_id(asked)


def by_id(answer: dict[str, Any]) -> dict[str, Any]:
    """The hits without order and score, which is what we change."""
    return {hit["_id"]: (hit["_source"], hit.get("highlight")) for hit in answer["hits"]["hits"]}
