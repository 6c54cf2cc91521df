"""Whether the indexes that we write to were set up: a record that came before would make them, with guessed mappings.

Told by the kill switch's reading, which meets an index that set-up makes after the templates. UBI indexes may be there
without us, and are then written to. What may not be written waits on the disk.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Protocol

import orjson

from ltrr_opensearch.cluster.upstream import Reply
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Headers

PATIENCE_S = 0.4
UBI_S = 5.0
"""Between two looks for UBI indexes, while nothing was set up."""
ABSENT, ALL_SHARDS_AWAY = "index_not_found_exception", "no_shard_available_action_exception"

_log = logging.getLogger(__name__)


class Sender(Protocol):
    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply: ...


class Gate(Protocol):
    @property
    def open(self) -> bool:
        """Whether any index may be written to."""

    def takes(self, index: str) -> bool: ...


class Opened:
    """Where somebody else sees to it that everything is set up."""

    open = True

    def takes(self, index: str) -> bool:
        return bool(index)


class SetUp:
    """`account` are the headers of our own account; `needed` says whether any index is configured."""

    def __init__(self, sender: Sender, state: StateSettings, account: Headers, *, needed: bool) -> None:
        self._sender = sender
        self._state = state
        self._account = account
        self._needed = needed
        self._done: bool | None = None
        """None until the cluster said something."""
        self._there: frozenset[str] = frozenset()
        """UBI indexes that are there without us."""
        self._look_at = 0.0

    @property
    def done(self) -> bool:
        return self._done is True

    @property
    def open(self) -> bool:
        return self.done or bool(self._there)

    @property
    def faults(self) -> tuple[str, ...]:
        return (self._said(),) if self._done is False and self._needed else ()

    def takes(self, index: str) -> bool:
        return self.done or index in self._there

    async def seen(self, reply: Reply) -> None:
        """What the cluster answered to who asked for a document of `{prefix}_jobs`."""
        kind = _error(reply)
        if kind == ABSENT:
            await self._missing()
        elif _tells(reply.status) or kind == ALL_SHARDS_AWAY:
            if self._done is False:
                _log.info("the cluster is set up now: what waited on the disk is written")
            self._done = True

    async def _missing(self) -> None:
        if self._done is not False:
            _log.error("%s", self._said())
            self._done, self._look_at = False, 0.0
        now = asyncio.get_running_loop().time()
        if now >= self._look_at:
            self._look_at = now + UBI_S
            names = (self._state.ubi_queries, self._state.ubi_events)
            self._there = frozenset([name for name in names if await self._exists(name)])

    async def _exists(self, index: str) -> bool:
        try:
            reply = await asyncio.wait_for(self._sender.send("HEAD", f"/{index}", self._account), PATIENCE_S)
        except (TimeoutError, Unreachable):
            return False
        return reply.status == HTTPStatus.OK

    def _said(self) -> str:
        return (
            f"the cluster was not set up for {self._state.prefix!r} ({self._state.prefix}_jobs is missing): nothing is "
            "learned, and records wait on the disk as far as there is room; run: ltrr setup INDEX"
        )


def _tells(status: int) -> bool:
    """Whether an answer is of the index or the document, and not of a cluster that has no time or is not well."""
    return status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS


def _error(reply: Reply) -> str:
    if reply.status < HTTPStatus.BAD_REQUEST:
        return ""
    try:
        return str(orjson.loads(reply.body)["error"]["type"])
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return ""
