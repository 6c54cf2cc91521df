"""The lines of the log, for people or as JSON; both name the client's request where there is one."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Literal

import orjson

from ltrr_opensearch.telemetry.context import opaque_id, trace_id

DETAILS = "details"
"""Attribute of a record (`extra`): a mapping whose items become keys of the JSON line."""
_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """One object a line: time (UTC), level, logger, process, message, and what is known of the request."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **_request(),
            **getattr(record, DETAILS, {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class TextFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__(_TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 the name is logging's
        known = " ".join(f"{key}={value!r}" for key, value in _request().items())
        return f"{super().formatMessage(record)}{f' [{known}]' if known else ''}"


def log_to_stderr(form: Literal["text", "json"]) -> None:
    """Everything from INFO on, in this form; the loggers of libraries only from where they matter."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("vowpal_wabbit_next").setLevel(logging.WARNING)
    logging.getLogger("opensearch").setLevel(logging.WARNING)


def _request() -> dict[str, str]:
    known = {"x_opaque_id": opaque_id(), "trace_id": trace_id()}
    return {key: value for key, value in known.items() if value}
