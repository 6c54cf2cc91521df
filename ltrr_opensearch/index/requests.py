"""A change of the cluster as a value, so that a dry run prints exactly what a run would send."""

from __future__ import annotations

import json
from dataclasses import dataclass

from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError

from ltrr_opensearch.cluster.admin import reason
from ltrr_opensearch.errors import Conflict
from ltrr_opensearch.types import Json


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: Json | None
    why: str

    @property
    def subject(self) -> str:
        """What it changes: an index, a template, a feature set."""
        return self.path.removesuffix("/_mapping").rpartition("/")[2]

    def __str__(self) -> str:
        shown = "" if self.body is None else "\n" + json.dumps(self.body, indent=1, ensure_ascii=False)
        return f"{self.method} {self.path}{shown}"


def perform(client: OpenSearch, request: Request) -> None:
    """Sends it. A refusal names the request and the cluster's reason."""
    try:
        client.transport.perform_request(request.method, request.path, body=request.body)
    except TransportError as error:
        raise Conflict(
            f"{request.method} {request.path} ({request.why}) was refused: {reason(error)}; remove what it "
            "contradicts, or choose another state.prefix or vector.field"
        ) from error
