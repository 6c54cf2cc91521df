"""The kill switch as a proxy sees it: asked for at least every second, by a cheap get of one document.

While the cluster does not say, what it said last holds: an outage turns nothing on or off. A cluster that is no
OpenSearch, or too old a one, is off by itself: everything passes through untouched, and health says why.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Protocol

import orjson

from ltrr_opensearch.background import beside
from ltrr_opensearch.cluster.capabilities import check_version
from ltrr_opensearch.cluster.upstream import Reply
from ltrr_opensearch.errors import ClusterError, Unreachable
from ltrr_opensearch.release.switch import DOCUMENT, Switched, index_of, read_document
from ltrr_opensearch.types import Headers

PATIENCE_S = 0.4
"""Longest wait for the document: with the pause between two readings it stays within a second."""

_log = logging.getLogger(__name__)

Told = Callable[[str, bool], None]
"""(index key, whether it is off), told after every reading."""


Seen = Callable[[Reply], Awaitable[None]]
"""Told what the cluster answered to a reading."""


async def _nobody(reply: Reply) -> None:
    pass


class Sender(Protocol):
    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply: ...


class Switch:
    """`headers` hold our own account's credentials; `keys` are the configured indexes."""

    def __init__(
        self,
        sender: Sender,
        prefix: str,
        headers: Headers,
        keys: Collection[str],
        poll_s: float,
        told: Told,
        seen: Seen = _nobody,
    ) -> None:
        self._sender = sender
        self._target = f"/{index_of(prefix)}/_source/{DOCUMENT}"
        self._headers = headers
        self._keys = tuple(keys)
        self._poll_s = poll_s
        self._told = told
        self._seen = seen
        self._state = Switched()
        self._known = False
        """Whether the cluster has told what it is."""
        self._objection = ""

    def is_off(self, key: str) -> bool:
        return bool(self._objection) or self._state.is_off(key)

    @property
    def faults(self) -> tuple[str, ...]:
        """Why nothing is learned on this cluster, where that is so."""
        return (self._objection,) if self._objection else ()

    @property
    def off(self) -> tuple[str, ...]:
        """The configured indexes for which learning is off."""
        return tuple(key for key in self._keys if self.is_off(key))

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Reads once before the first request, then keeps reading."""
        await self._look()
        async with beside(self._keep_reading()):
            yield

    async def read(self) -> None:
        if not self._known:
            await self._look_at_cluster()
        state = await self._asked()
        if state is not None and state != self._state:
            self._say(state)
            self._state = state
        for key in self._keys:
            self._told(key, self.is_off(key))

    async def _look_at_cluster(self) -> None:
        try:
            reply = await asyncio.wait_for(self._sender.send("GET", "/", self._headers), PATIENCE_S)
            if reply.status != HTTPStatus.OK:
                return
            self._known = True
            check_version(orjson.loads(reply.body))
        except (TimeoutError, Unreachable, orjson.JSONDecodeError):
            return
        except ClusterError as error:
            self._objection = f"{error}: searches pass through untouched and nothing is learned"
            _log.error("%s", self._objection)

    async def _asked(self) -> Switched | None:
        """None where the cluster does not say."""
        try:
            reply = await asyncio.wait_for(self._sender.send("GET", self._target, self._headers), PATIENCE_S)
            await self._seen(reply)
            if reply.status == HTTPStatus.NOT_FOUND:
                return Switched()
            return read_document(orjson.loads(reply.body)) if reply.status == HTTPStatus.OK else None
        except (TimeoutError, Unreachable, orjson.JSONDecodeError):
            return None

    def _say(self, state: Switched) -> None:
        for key in self._keys:
            if (off := state.why(key)) and not self._state.is_off(key):
                _log.warning("learning is switched off for index %r since %s: %s", key, off.since, off.why)
            elif self._state.is_off(key) and not state.is_off(key):
                _log.warning("learning is switched on again for index %r", key)

    async def _keep_reading(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            await self._look()

    async def _look(self) -> None:
        try:
            await self.read()
        except Exception:  # whatever came, it must be looked at again
            _log.exception("the kill switch cannot be read; what it said last holds")
