"""Whether this proxy should get requests: the cluster answers, and we are not about to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.errors import Unreachable

PATIENCE_S = 2.0
"""Longest wait for the cluster when somebody asks whether we are ready."""


@dataclass(frozen=True, slots=True)
class Readiness:
    ok: bool
    reason: str
    cluster: str = ""
    """Version of the cluster; empty where it did not say."""
    faults: tuple[str, ...] = ()
    """What serves less well than it could: parts of releases that cannot be used."""


class Health:
    """A cluster that refuses us (401, 403) is up: it is the clients' own accounts that count."""

    def __init__(self, upstream: Upstream, faults: Callable[[], Sequence[str]] = tuple) -> None:
        self._upstream = upstream
        self._faults = faults
        self.stopping = False

    async def ready(self) -> Readiness:
        if self.stopping:
            return Readiness(False, "stopping")
        try:
            reply = await asyncio.wait_for(self._upstream.send("GET", "/", ()), PATIENCE_S)
        except TimeoutError:
            return Readiness(False, f"the cluster did not answer within {PATIENCE_S:g} s")
        except Unreachable as error:
            return Readiness(False, str(error))
        if reply.status >= 500:
            return Readiness(False, f"the cluster answers {reply.status}")
        return Readiness(True, "ready", _version(reply.body), tuple(self._faults()))


def _version(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["version"]["number"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
