"""How much a proxy takes on at once, before it sheds work and before it refuses it."""

from __future__ import annotations

from pydantic import Field

from ltrr_opensearch.section import Positive, Section


class LimitSettings(Section):
    """A part of the section `serve`; for each process of its own."""

    searches: int = Field(
        64, ge=1, description="Searches re-ranked at once; further ones get the cluster's answer to their own query."
    )
    requests: int = Field(500, ge=1, description="Requests under way at once; further ones get 429.")
    shed_ms: Positive = Field(
        250, description="Standing delay of the event loop from which searches are no longer re-ranked."
    )
    refuse_ms: Positive = Field(1000, description="Standing delay of the event loop from which requests get 429.")
    retry_after_s: int = Field(1, ge=1, description="What a refused client is told to wait (Retry-After).")
