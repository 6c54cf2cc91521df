"""What operators set of a proxy: processes, logs, and how soon it follows the kill switch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ltrr_opensearch.section import Positive, Section

WithinASecond = Annotated[float, Field(ge=50, le=500)]


class OperationsSettings(Section):
    """A part of the section `serve`."""

    workers: int = Field(1, ge=1, le=256, description="Processes that serve; about one a core that they may use.")
    log_format: Literal["text", "json"] = Field("text", description="Lines of the log: for people, or JSON objects.")
    slow_ms: Positive = Field(1000, description="A search that takes longer is logged with what made it slow.")
    switch_poll_ms: WithinASecond = Field(500, description="How often a proxy reads the kill switch (`ltrr off`).")
    spans: bool = Field(
        False, description="Whether OpenTelemetry spans are exported, as the OTEL_* environment says (extra `otel`)."
    )
