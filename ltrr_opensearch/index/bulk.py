"""One bulk request whose items are each accounted for; what is refused for lack of capacity is sent again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.types import Json

_BUSY = frozenset({429, 502, 503, 504})
_ATTEMPTS = 8
_PATIENCE_S = 300
"""Longest wait for one request: a busy cluster that maps hundreds of new fields may well take minutes."""


@dataclass(frozen=True, slots=True)
class Action:
    """An item of a bulk request: `header` is the action line without its name."""

    name: str
    header: Json
    body: Json


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an item. `seq_no` where it was written."""

    status: int
    seq_no: int | None
    reason: str

    @property
    def busy(self) -> bool:
        """Refused for lack of capacity, again and again: it may work later."""
        return self.status in _BUSY


def send(client: OpenSearch, actions: Sequence[Action], sleep: Callable[[float], None] = time.sleep) -> list[Result]:
    """One result an action, in order. Retries busy items for about a minute; raises where the whole request fails."""
    results: list[Result | None] = [None] * len(actions)
    open_items = list(range(len(actions)))
    for attempt in range(_ATTEMPTS):
        for place, result in zip(open_items, _once(client, [actions[i] for i in open_items]), strict=True):
            results[place] = result
        open_items = [i for i in open_items if (r := results[i]) and r.busy]
        if not open_items:
            break
        sleep(min(0.5 * 2**attempt, 20))
    return [r for r in results if r is not None]


def _once(client: OpenSearch, actions: Sequence[Action]) -> list[Result]:
    lines: list[Json] = [line for a in actions for line in ({a.name: a.header}, a.body)]
    try:
        answer = client.bulk(body=lines, params={"request_timeout": _PATIENCE_S})
    except TransportError as error:
        if error.status_code in _BUSY:
            return [Result(int(error.status_code), None, str(error.error))] * len(actions)
        if error.status_code == 413:  # http.max_content_length: smaller requests fit
            return _halves(client, actions)
        raise ClusterError(f"bulk request of {len(actions)} documents refused: {error}") from error
    return [_result(next(iter(item.values()))) for item in answer["items"]]


def _halves(client: OpenSearch, actions: Sequence[Action]) -> list[Result]:
    if len(actions) == 1:
        return [Result(413, None, "larger than the cluster takes (http.max_content_length)")]
    middle = len(actions) // 2
    return _once(client, actions[:middle]) + _once(client, actions[middle:])


def _result(item: Json) -> Result:
    error = item.get("error") or {}
    cause = error.get("caused_by", {}).get("reason")
    reason = str(error.get("reason", "")) + (f": {cause}" if cause else "")
    return Result(int(item["status"]), item.get("_seq_no"), reason)
