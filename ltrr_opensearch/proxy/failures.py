"""Errors that we answer ourselves, in OpenSearch's own shape."""

from __future__ import annotations

import orjson

from ltrr_opensearch.types import Answer

_TYPES = {
    400: "illegal_argument_exception",
    404: "resource_not_found_exception",
    405: "method_not_allowed_exception",
    413: "content_too_long_exception",
    429: "rejected_execution_exception",
    502: "remote_transport_exception",
    503: "connect_transport_exception",
    504: "receive_timeout_transport_exception",
}


def failure(status: int, reason: str) -> Answer:
    cause = {"type": _TYPES.get(status, "exception"), "reason": reason}
    body = orjson.dumps({"error": {"root_cause": [cause], **cause}, "status": status})
    return Answer(status, ((b"content-type", b"application/json; charset=UTF-8"),), body)
