"""Reading the kill switch, whatever comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson
import pytest

from ltrr_opensearch.cluster.upstream import Reply
from ltrr_opensearch.proxy.switch import Switch
from ltrr_opensearch.types import Headers

CLUSTER = {"version": {"distribution": "opensearch", "number": "3.6.0"}}
OFF = {"off": {"shop": {"since": "2026-01-31", "why": "odd"}}}


class Cluster:
    """Says these things of the switch, one after the other, the last one again and again."""

    def __init__(self, said: Sequence[object]) -> None:
        self.said = list(said)

    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply:
        what: object = CLUSTER if target == "/" else self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(what, Exception):
            raise what
        return Reply(200, (), orjson.dumps(what))


@pytest.mark.parametrize("odd", [[], 7, RuntimeError("no such thing was foreseen")], ids=["list", "number", "error"])
@pytest.mark.parametrize("place", [0, 1])
async def test_after_whatever_came_it_is_read_again(odd: object, place: int) -> None:
    said: list[object] = [{}, {}, OFF]
    said.insert(place, odd)
    told = asyncio.Event()
    switch = Switch(Cluster(said), "ltrr", (), ["shop"], 0.001, lambda _key, off: told.set() if off else None)
    async with asyncio.timeout(10), switch.run():
        await told.wait()
    assert switch.is_off("shop")
    assert not switch.is_off("other")
