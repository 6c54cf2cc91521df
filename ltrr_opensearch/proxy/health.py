"""Whether this proxy should get requests: encoder and models are loaded, the cluster answers, we are not stopping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.proxy.workers import Report

PATIENCE_S = 2.0
"""Longest wait for the cluster when somebody asks whether we are ready."""
STARTING = "starting: the encoder and what was published are being loaded"


@dataclass(frozen=True, slots=True)
class Readiness:
    ok: bool
    reason: str
    cluster: str = ""
    """Version of the cluster; empty where it did not say."""
    faults: tuple[str, ...] = ()
    """What serves less well than it could: parts of releases that cannot be used."""
    off: tuple[str, ...] = ()
    """Indexes for which the kill switch is turned: they are served, by the cluster alone."""
    processes: int = 1
    """How many serve."""


def nothing() -> Sequence[str]:
    return ()


class Health:
    """A cluster that refuses us (401, 403) is up: it is the clients' own accounts that count."""

    def __init__(
        self,
        upstream: Upstream,
        faults: Callable[[], Sequence[str]] = nothing,
        off: Callable[[], Sequence[str]] = nothing,
        processes: Callable[[], int] = lambda: 1,
    ) -> None:
        """`processes` counts those that have loaded what they serve with."""
        self._upstream = upstream
        self._faults = faults
        self._off = off
        self._processes = processes
        self.stopping = False

    def report(self) -> Report:
        """What one process of several tells the one that answers for all."""
        return Report(self._processes() > 0, tuple(self._faults()), tuple(self._off()))

    async def ready(self) -> Readiness:
        if self.stopping:
            return Readiness(False, "stopping")
        version, fault = await self._cluster()
        if not (processes := self._processes()):
            return Readiness(False, f"{STARTING}; {fault}" if fault else STARTING, processes=0)
        if fault:
            return Readiness(False, fault)
        return Readiness(True, "ready", version, tuple(self._faults()), tuple(self._off()), processes)

    async def _cluster(self) -> tuple[str, str]:
        """Its version, as far as it says; why it is not there, empty where it is."""
        try:
            reply = await asyncio.wait_for(self._upstream.send("GET", "/", ()), PATIENCE_S)
        except TimeoutError:
            return "", f"the cluster at {self._upstream.name} did not answer within {PATIENCE_S:g} s"
        except Unreachable as error:
            return "", str(error)
        if reply.status >= 500:
            return "", f"the cluster at {self._upstream.name} answers {reply.status}"
        return _version(reply.body), ""


def _version(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["version"]["number"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
