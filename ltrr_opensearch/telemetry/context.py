"""Whose request the running task works for, so that lines of the log and spans can name it.

Only a reference is kept; what it means is read when somebody asks, so a request that logs nothing pays nothing.
"""

from __future__ import annotations

import re
from contextvars import ContextVar

from ltrr_opensearch.cluster.headers import header
from ltrr_opensearch.types import Headers

LONGEST_OPAQUE_ID = 256
"""Characters kept of what a client may choose freely."""
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""

asked: ContextVar[Headers] = ContextVar("asked", default=())
"""The headers of the client's request."""


def opaque_id() -> str:
    """`X-Opaque-Id`, by which OpenSearch's own logs and task list name a client; empty where it sent none."""
    return (header(asked.get(), b"x-opaque-id") or b"").decode("utf-8", "replace")[:LONGEST_OPAQUE_ID]


def trace_id() -> str:
    """The trace that the client's `traceparent` names; empty where it names none."""
    found = _TRACEPARENT.fullmatch(header(asked.get(), b"traceparent") or b"")
    return found[1].decode() if found and set(found[1]) != {ord("0")} else ""
